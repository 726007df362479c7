"""How far two networks are apart, part by part, on the same seeded inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_sam2.engine.onnx.interface import (
    IMAGE_ENCODER,
    MASK_DECODER,
    MASK_PROMPT,
    MEMORY_ATTENTION,
    MEMORY_ENCODER,
)
from napari_sam2.model.image_encoder import ImageFeatures
from napari_sam2.model.mask_decoder import Choice
from napari_sam2.model.prompt_encoder import BOX_END, NEGATIVE, NOT_A_POINT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.engine.network import Network
    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.object_state import ObjectState
    from napari_sam2.model.sam2 import Sam2Model


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
        labels=torch.randint(NEGATIVE, BOX_END + 1, labels, generator=dice),
        logits=8 * normal(objects, 1, config.mask_size, config.mask_size),
        object_logits=normal(objects, 1),
        masks=(normal(objects, 1, size, size) > 0).float(),
    )


@torch.inference_mode()
def differences(
    network: Network, reference: Sam2Model, inputs: Inputs, *, same_choice: bool = True
) -> dict[str, float]:
    """Return how far a network is from another, by part.

    What one part answers is not handed on to the next. The decoder is also asked with
    points that are none on top, which must change nothing.

    Parameters
    ----------
    network : Network
    reference : Sam2Model
    inputs : Inputs
    same_choice : bool, optional
        Whether the decoder must take the same one of its four masks. Random prompts
        have candidates so close that rounding makes the choice between them.

    Returns
    -------
    dict of str to float
        The largest difference of any number that a part answers, over the largest
        number that the reference answers there for the same image or object, or over 1
        if that is more.
    """
    found = {
        part: _furthest(ask(network, inputs), ask(reference, inputs))
        for part, ask in _QUESTIONS.items()
    }
    found[MASK_DECODER] = max(
        _decoder_apart(network, reference, inputs, asked, same_choice=same_choice)
        for asked in (inputs, _filled_up(inputs))
    )
    return found


def _filled_up(inputs: Inputs) -> Inputs:
    """Return inputs with two more points each, that are none."""
    return inputs._replace(
        xy=F.pad(inputs.xy, (0, 0, 0, 2)),
        labels=F.pad(inputs.labels, (0, 2), value=NOT_A_POINT),
    )


def _decoder_apart(
    network: Network,
    reference: Sam2Model,
    given: Inputs,
    asked: Inputs,
    *,
    same_choice: bool,
) -> float:
    """Return how far the network's answers to ``asked`` are from those to ``given``."""
    if same_choice:
        return _furthest(_decode(network, asked), _decode(reference, given))
    pairs = zip(_said(asked), _said(given), strict=True)
    return max(_from_candidates(network, reference, given, *pair) for pair in pairs)


def _furthest(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """Return the largest relative difference of several tensors."""
    pairs = zip(ours, theirs, strict=True)
    return max(float(_apart(one, other).max()) for one, other in pairs)


def _apart(one: Tensor, other: Tensor) -> Tensor:
    """Return the largest relative difference of each row, (rows,).

    Each has a scale of its own: an object that is not there has logits of -1024.
    """
    scale = other.abs().flatten(1).amax(dim=1).clamp(min=1)
    return (one - other).abs().flatten(1).amax(dim=1) / scale


def _encode(network: Network, given: Inputs) -> Sequence[Tensor]:
    return network.encode_image(given.images)


def _attend(network: Network, given: Inputs) -> Sequence[Tensor]:
    memory = network.recall(given.spatial, given.slots, given.pointers, given.ages)
    return [
        network.without_memory(given.features),
        network.attend_memory(given.features, memory),
    ]


class Said(NamedTuple):
    """What is said to a decoder."""

    xy: Tensor
    labels: Tensor
    mask_logits: Tensor | None
    ambiguous: bool


def _said(given: Inputs) -> tuple[Said, ...]:
    """Return points, points that refine a mask, and nothing."""
    nothing = torch.full_like(given.labels[:, :1], NOT_A_POINT)
    return (
        Said(given.xy, given.labels, None, ambiguous=False),
        Said(given.xy, given.labels, given.logits, ambiguous=False),
        Said(torch.zeros_like(given.xy[:, :1]), nothing, None, ambiguous=True),
    )


def _state(network: Network, given: Inputs, said: Said) -> ObjectState:
    prompts = network.embed_prompts(said.xy, said.labels, said.mask_logits)
    return network.decode(
        given.coarse, given.features, prompts, ambiguous=said.ambiguous
    )


def _decode(network: Network, given: Inputs) -> Sequence[Tensor]:
    return [
        part for said in _said(given) for part in _parts(_state(network, given, said))
    ]


def _from_candidates(
    network: Network, reference: Sam2Model, given: Inputs, asked: Said, said: Said
) -> float:
    """Return how far masks are from the nearest of the reference's four candidates."""
    ours = _state(network, given, asked)
    prompts = reference.embed_prompts(said.xy, said.labels, said.mask_logits)
    theirs = reference.candidates(given.coarse, given.features, prompts)
    logits, ious, tokens, _ = theirs
    possible = [
        reference.settle(
            theirs._replace(object_logits=ours.object_logits),  # there, or not
            Choice(
                logits[:, index : index + 1],
                ious[:, index],
                tokens[:, index if said.ambiguous else 0],
            ),
        )
        for index in range(logits.shape[1])
    ]
    apart = [
        torch.stack([*map(_apart, _parts(ours), _parts(one))]).amax(dim=0)
        for one in possible
    ]
    presence = _apart(ours.object_logits, theirs.object_logits)
    return float(torch.maximum(torch.stack(apart).amin(dim=0), presence).max())


def _parts(state: ObjectState) -> tuple[Tensor, ...]:
    return state.logits, state.ious[:, None], state.pointers, state.object_logits


def _remember(network: Network, given: Inputs) -> Sequence[Tensor]:
    return [
        network.encode_memory(
            given.features, given.logits, given.object_logits, is_prompted=is_prompted
        )
        for is_prompted in (False, True)
    ]


def _adopt(network: Network, given: Inputs) -> Sequence[Tensor]:
    return _parts(network.adopt_masks(given.features, given.masks))


_QUESTIONS = {
    IMAGE_ENCODER: _encode,
    MEMORY_ATTENTION: _attend,
    MEMORY_ENCODER: _remember,
    MASK_PROMPT: _adopt,
}
