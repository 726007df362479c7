"""Seeded clips: how large, where they begin, which way they go, who is asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.training.clips import draw_origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.finetuning.split import Split
    from napari_sam2.finetuning.truth import TruthStack
    from napari_sam2.model.config import Sam2Config

_PICTURES = 0.25  # share of clips of one frame, with more objects
_MORE = 2  # times as many objects there
_CORRECTED = 0.35  # share of clips with a second prompt
_FLOAT = 4
_ALIKE = 12  # tensors as wide as the model that a layer of attention keeps
_KEYS = 3  # of memories: themselves, turned, and their values

MOST_BYTES = 4 << 30
"""Of one clip, kept for the way back."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much one clip holds, so that it fits into memory.

    Attributes
    ----------
    frames, objects : int
        At most; twice as many objects on clips of one frame.
    """

    frames: int = 6
    objects: int = 4

    @property
    def halved(self) -> Size:
        """Half of it: first fewer objects, then fewer frames."""
        if self.objects > 1:
            return Size(self.frames, self.objects // 2)
        return Size(max(1, self.frames // 2), 1)

    @property
    def is_smallest(self) -> bool:
        """Whether there is no less."""
        return (self.frames, self.objects) == (1, 1)


def fit(size: Size, config: Sam2Config, most_bytes: int = MOST_BYTES) -> Size:
    """Return a size, halved until a clip fits.

    A GPU says when memory does not suffice, and a smaller clip is tried. A processor
    swaps until the system ends the program, so that it must be known before. The same
    on every machine, so that a seed gives the same adapter.

    Parameters
    ----------
    size : Size
        What is wanted.
    config : Sam2Config
        At the image size that is used.
    most_bytes : int
    """
    while clip_bytes(size, config) > most_bytes and not size.is_smallest:
        size = size.halved
    return size


def clip_bytes(size: Size, config: Sam2Config) -> int:
    """Estimate what the attention to memories keeps of a clip for the way back.

    Nearly all of it, when frames are large: each object's tokens on each tracked frame,
    and those of the memories that they look at.
    """
    looked_at = min(config.memory_count, size.frames - 1)
    width = (_ALIKE + _KEYS * looked_at) * config.hidden_dim + 2 * config.memory_ffn
    per_token = _FLOAT * config.memory_layers * width
    return size.objects * (size.frames - 1) * config.grid**2 * per_token


@dataclass(frozen=True, slots=True)
class Lesson:
    """One clip to learn from.

    Attributes
    ----------
    stack : int
        Which of the stacks.
    frames : tuple of int
        In the order in which they are visited; objects are prompted on the first.
    objects : tuple of int
        All visible on the first frame.
    kind : {"click", "box", "mask"}
        Of the first prompt.
    corrected : int
        Index of the frame on which a click corrects the answer; -1 for none.
    origin : int
        Number that the first frame is remembered by: 0, or less for long ago.
    variant : int
        How the pictures are altered; 0 is not at all.
    """

    stack: int
    frames: tuple[int, ...]
    objects: tuple[int, ...]
    kind: str
    corrected: int = -1
    origin: int = 0
    variant: int = 0


class Curriculum:
    """Draws lessons from stacks; each depends on the seed and its number only.

    Parameters
    ----------
    stacks : sequence of TruthStack
    splits : sequence of Split
        One per stack.
    seed : int
    variants : int
        Ways of altering the pictures, the unaltered one included.
    """

    def __init__(
        self,
        stacks: Sequence[TruthStack],
        splits: Sequence[Split],
        *,
        seed: int,
        variants: int,
    ) -> None:
        self._stacks = stacks
        self._spans = [split.spans for split in splits]
        self._starts = [
            [frame for frame in split.training if stack.visible(frame)]
            for stack, split in zip(stacks, splits, strict=True)
        ]
        self._training = [frozenset(split.training) for split in splits]
        self._seed = seed
        self._variants = variants

    def lesson(self, number: int, size: Size) -> Lesson:
        """Return a lesson."""
        chance = random.Random(f"{self._seed} {number}")
        weights = [len(starts) ** 0.5 for starts in self._starts]
        index = chance.choices(range(len(self._stacks)), weights)[0]
        stack = self._stacks[index]
        start = chance.choice(self._starts[index])
        frames: tuple[int, ...] = (start,)
        if chance.random() > _PICTURES:
            frames = self._path(index, start, size.frames, chance)
        most = size.objects * (_MORE if len(frames) == 1 else 1)
        visible = stack.visible(start)
        objects = chance.sample(visible, min(most, len(visible)))
        kind = chance.choices(stack.habits._fields, stack.habits)[0]
        return Lesson(
            stack=index,
            frames=frames,
            objects=tuple(objects),
            kind=kind,
            corrected=self._second(index, frames, chance),
            origin=draw_origin(chance.random),
            variant=chance.randrange(self._variants),
        )

    def _path(
        self, index: int, start: int, length: int, chance: random.Random
    ) -> tuple[int, ...]:
        """Return the frames from a start, either way, over at least one known frame.

        Where masks are few and far between, frames are left out on the way.
        """
        span = next(s for s in self._spans[index] if s[0] <= start <= s[1])
        for step in chance.sample((-1, 1), 2):
            end = span[step > 0]
            known = [
                frame
                for frame in range(start + step, end + step, step)
                if frame in self._training[index]
            ]
            if known:
                return _between(start, step, end, known[0], length)
        return (start,)

    def _second(
        self, index: int, frames: tuple[int, ...], chance: random.Random
    ) -> int:
        """Return which frame is corrected: never the last of several, if any."""
        places = range(1, max(1, len(frames) - 1))
        known = [i for i in places if frames[i] in self._training[index]]
        if len(frames) == 1:
            return 0 if chance.random() < _CORRECTED else -1
        if not known or chance.random() > _CORRECTED:
            return -1
        return chance.choice(known)


def _between(
    start: int, step: int, end: int, known: int, length: int
) -> tuple[int, ...]:
    """Return neighbours that reach ``known``, or frames evenly spread on the way."""
    far = start + step * (length - 1)
    if abs(far - start) >= abs(known - start):
        stop = min(far, end) if step > 0 else max(far, end)
        return tuple(range(start, stop + step, step))
    spread = np.linspace(start, known, max(2, length)).round().astype(int)
    return tuple(int(frame) for frame in spread)
