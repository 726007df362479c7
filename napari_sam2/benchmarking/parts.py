"""The parts that a tracked frame and a click are made of, each ready to be called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from napari_sam2.benchmarking.footage import BYTES, picture
from napari_sam2.core.quality import EXACT
from napari_sam2.engine.device import inference, kept_dtype
from napari_sam2.engine.frames.encoding import frames_per_batch
from napari_sam2.engine.frames.preprocess import to_model, to_unit
from napari_sam2.engine.groups import GroupRunner
from napari_sam2.engine.masks.from_logits import Grids, Scores, to_results
from napari_sam2.engine.objects.selection import memory_rules
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.views.view import occupied, whole_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from napari_sam2.core.quality import Quality
    from napari_sam2.engine.network import Network
    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.object_state import ObjectState

READING, UPLOAD, ENCODER = "reading", "upload and resizing", "image encoder"
ATTENTION, DECODER = "memory attention", "mask decoder"
MEMORY_ENCODER, DOWNLOAD = "memory encoder", "masks to the host"
CLICK = "prompt and mask decoder"

_POINTED_AT = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the model, or of what is around it.

    Attributes
    ----------
    name : str
    objects : int
        How many objects it is done for; 0 where that makes no difference.
    memories : int
        Spatial memories that are looked back at; 0 where that means nothing.
    call : callable
        Does it once.
    frames : int
        For how many frames a call does it.
    """

    name: str
    objects: int
    memories: int
    call: Callable[[], Any]
    frames: int = 1


def host_parts(model: Network, objects: tuple[int, ...]) -> Iterator[Part]:
    """Yield what is done with frames and masks outside the network."""
    size, device = model.config.image_size, model.device
    pixels = picture(0, size)
    yield Part(READING, 0, 0, lambda: to_unit(pixels.copy(), BYTES))
    yield Part(UPLOAD, 0, 0, lambda: to_model(pixels, size, device))
    for count in objects:
        yield Part(DOWNLOAD, count, 0, partial(_download, model, _discs(model, count)))


def network_parts(
    model: Network,
    objects: tuple[int, ...],
    group_size: int,
    quality: Quality = EXACT,
) -> Iterator[Part]:
    """Yield the parts of the network.

    Parameters
    ----------
    model : Network
        On ``meta``, the calls compute nothing, so that their work can be counted.
    objects : tuple of int
        Numbers of objects.
    group_size : int
        Most objects computed at once.
    quality : Quality, optional
        How many of the last frames are looked back at, besides a prompted one.
    """
    most = memory_rules(model.config, TrackerOptions(quality=quality)).most_memories
    frames = frames_per_batch(model.device, model.config.image_size)
    images = _images(model, frames)
    yield Part(ENCODER, 0, 0, lambda: model.encode_image(images), frames)
    one = _Inputs(model, model.encode_image(images[:1]), 1)
    yield Part(CLICK, 0, 0, one.click)
    for memories in memory_counts(most):
        yield Part(ATTENTION, 1, memories, partial(one.attend, 1, memories))
    for count in objects:
        inputs = _Inputs(model, one.features, min(count, group_size))
        yield from _object_parts(inputs, count, group_size, most)


def click_steps(model: Network) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return what a click is made of: encoding an image, and answering on it."""
    image = _images(model, 1)
    with inference(model):
        inputs = _Inputs(model, model.encode_image(image), 1)
    return lambda: model.encode_image(image), inputs.click


def _images(model: Network, count: int) -> Tensor:
    size = model.config.image_size
    return torch.randn(count, 3, size, size, device=model.device)


def _object_parts(
    inputs: _Inputs, count: int, group_size: int, memories: int
) -> Iterator[Part]:
    for name, memory_count, step in (
        (ATTENTION, memories, partial(inputs.attend, memories=memories)),
        (DECODER, 0, inputs.decode),
        (MEMORY_ENCODER, 0, inputs.remember),
    ):
        yield Part(
            name, count, memory_count, partial(_grouped, step, count, group_size)
        )


def memory_counts(most: int) -> list[int]:
    """Return numbers of memories that show how the cost grows, up to ``most``."""
    return sorted({1, 2, (most + 1) // 2, most})


def _grouped(step: Callable[[int], Any], count: int, group_size: int) -> None:
    """Do for some objects at a time what is to be done for all."""

    def run(some: Any) -> list[Any]:
        step(len(some))
        return list(some)

    GroupRunner(group_size).run(range(count), run)


class _Inputs:
    """What the parts take, for as many objects as are computed at once."""

    def __init__(self, model: Network, features: ImageFeatures, count: int) -> None:
        config, device = model.config, model.device
        self.model, self.features = model, features
        tokens = config.memory_count * config.grid**2
        shape = (count, tokens, config.memory_dim)
        self._spatial = torch.randn(shape, dtype=kept_dtype(device), device=device)
        pointers = config.pointer_count
        self._pointers = torch.randn(count, pointers, config.hidden_dim, device=device)
        self._ages = torch.linspace(0, 1, pointers, device=device)
        self._coarse = features.coarse.repeat(count, 1, 1, 1)
        side = config.mask_size
        self._logits = torch.randn(count, 1, side, side, device=device)
        self._object_logits = torch.ones(count, 1, device=device)

    def attend(self, count: int, memories: int) -> Tensor:
        """Look back at some memories and all pointers."""
        slots = list(range(self.model.config.memory_count))[-memories:]
        spatial = self._spatial[:count, : memories * self.model.config.grid**2]
        memory = self.model.recall(spatial, slots, self._pointers[:count], self._ages)
        return self.model.attend_memory(self.features, memory)

    def decode(self, count: int) -> ObjectState:
        """Find objects as on a tracked frame."""
        prompts = self.model.embed_no_prompts(count)
        coarse = self._coarse[:count]
        return self.model.decode(coarse, self.features, prompts, ambiguous=True)

    def remember(self, count: int) -> Tensor:
        """Make memories of what was found."""
        logits, there = self._logits[:count], self._object_logits[:count]
        return self.model.encode_memory(self.features, logits, there, is_prompted=False)

    def click(self) -> ObjectState:
        """Answer one click."""
        device = self.model.device
        xy = torch.full((1, 1, 2), _POINTED_AT, device=device)
        labels = torch.ones(1, 1, dtype=torch.int64, device=device)
        coarse = self.model.without_memory(self.features)
        prompts = self.model.embed_prompts(xy, labels)
        return self.model.decode(coarse, self.features, prompts, ambiguous=True)


def _discs(model: Network, count: int) -> Tensor:
    """Return logits of ``count`` discs, as large as objects usually are, (B, h, w)."""
    side = model.config.mask_size
    line = torch.linspace(-1, 1, side, device=model.device)
    distance = torch.hypot(line[:, None], line[None])
    return (10 * (0.15 - distance)).repeat(count, 1, 1)


def _download(model: Network, logits: Tensor) -> None:
    shape_hw = (model.config.image_size,) * 2
    scores = [Scores(index + 1, 1.0, 1.0, False) for index in range(len(logits))]
    views = [whole_view(shape_hw)] * len(logits)
    found = Grids(logits, occupied(logits), views)
    to_results(found, scores, 0, shape_hw, TrackerOptions())
