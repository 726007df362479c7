"""How far two networks are apart, part by part, on the same seeded inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from napari_sam2.engine.onnx.interface import (
    IMAGE_ENCODER,
    MASK_DECODER,
    MASK_PROMPT,
    MEMORY_ATTENTION,
    MEMORY_ENCODER,
)
from napari_sam2.model.image_encoder import ImageFeatures
from napari_sam2.model.prompt_encoder import BOX_END, NOT_A_POINT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.engine.network import Network
    from napari_sam2.model.config import Sam2Config


class Sizes(NamedTuple):
    """How much goes in; see :data:`napari_sam2.engine.onnx.interface.DIMENSIONS`."""

    views: int
    objects: int
    points: int
    memories: int
    pointers: int


class Inputs(NamedTuple):
    """What goes into the functions of :class:`napari_sam2.engine.network.Network`."""

    images: Tensor
    features: ImageFeatures
    coarse: Tensor
    spatial: Tensor
    slots: list[int]
    pointers: Tensor
    ages: Tensor
    xy: Tensor
    labels: Tensor
    logits: Tensor
    object_logits: Tensor
    masks: Tensor


def sizes_to_check(config: Sam2Config) -> tuple[Sizes, ...]:
    """Return the least there can be, a full memory, and two views."""
    most, pointers = config.memory_count, config.pointer_count
    return Sizes(1, 1, 1, 1, 0), Sizes(1, 2, 2, most, pointers), Sizes(2, 2, 3, 2, 1)


def random_inputs(config: Sam2Config, sizes: Sizes, seed: int = 0) -> Inputs:
    """Return inputs of all kinds; the same for the same seed."""
    dice = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=dice)

    dim, grid, size = config.hidden_dim, config.grid, config.image_size
    views, objects, points, memories, pointers = sizes
    labels = (objects, points)
    return Inputs(
        images=normal(views, 3, size, size),
        features=ImageFeatures(
            normal(views, dim, grid, grid),
            normal(views, dim // 4, 2 * grid, 2 * grid),
            normal(views, dim // 8, 4 * grid, 4 * grid),
        ),
        coarse=normal(objects, dim, grid, grid),
        spatial=normal(objects, memories * grid**2, config.memory_dim),
        slots=[slot % config.memory_count for slot in range(memories)],
        pointers=normal(objects, pointers, dim),
        ages=torch.rand(pointers, generator=dice),
        xy=size * torch.rand(*labels, 2, generator=dice),
        labels=torch.randint(NOT_A_POINT, BOX_END + 1, labels, generator=dice),
        logits=8 * normal(objects, 1, config.mask_size, config.mask_size),
        object_logits=normal(objects, 1),
        masks=(normal(objects, 1, size, size) > 0).float(),
    )


@torch.inference_mode()
def differences(
    network: Network, reference: Network, inputs: Inputs
) -> dict[str, float]:
    """Return how far a network is from another, by part.

    What one part answers is not handed on to the next.

    Returns
    -------
    dict of str to float
        The largest difference of any number that a part answers, over the largest
        number that the reference answers there, or over 1 if that is more.
    """
    return {
        part: _apart(ask(network, inputs), ask(reference, inputs))
        for part, ask in _QUESTIONS.items()
    }


def _apart(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    return max(
        float((one - other).abs().max()) / max(1.0, float(other.abs().max()))
        for one, other in zip(ours, theirs, strict=True)
    )


def _encode(network: Network, given: Inputs) -> Sequence[Tensor]:
    return network.encode_image(given.images)


def _attend(network: Network, given: Inputs) -> Sequence[Tensor]:
    memory = network.recall(given.spatial, given.slots, given.pointers, given.ages)
    return [
        network.without_memory(given.features),
        network.attend_memory(given.features, memory),
    ]


def _decode(network: Network, given: Inputs) -> Sequence[Tensor]:
    said = (
        network.embed_prompts(given.xy, given.labels),
        network.embed_prompts(given.xy, given.labels, given.logits),
        network.embed_no_prompts(len(given.xy)),
    )
    return [
        part
        for prompts, ambiguous in zip(said, (False, False, True), strict=True)
        for part in network.decode(
            given.coarse, given.features, prompts, ambiguous=ambiguous
        )
    ]


def _remember(network: Network, given: Inputs) -> Sequence[Tensor]:
    return [
        network.encode_memory(
            given.features, given.logits, given.object_logits, is_prompted=is_prompted
        )
        for is_prompted in (False, True)
    ]


def _adopt(network: Network, given: Inputs) -> Sequence[Tensor]:
    return network.adopt_masks(given.features, given.masks)


_QUESTIONS = {
    IMAGE_ENCODER: _encode,
    MEMORY_ATTENTION: _attend,
    MASK_DECODER: _decode,
    MEMORY_ENCODER: _remember,
    MASK_PROMPT: _adopt,
}
