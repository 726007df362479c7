"""J on held-out frames, with the tracker that users have."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.evaluation.asking import first_prompts
from napari_sam2.evaluation.measures import jaccard

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from napari_sam2.core.results import FrameResult
    from napari_sam2.finetuning.split import Split
    from napari_sam2.finetuning.truth import TruthStack
    from napari_sam2.model.sam2 import Sam2Model

_MOST_OBJECTS = 4  # per block
_KINDS = 2  # ways of asking, the most usual ones
_CACHE_BYTES = 512 << 20

Overlaps = dict[str, list[float]]


class Block(NamedTuple):
    """Held-out frames that are tracked through in one go.

    Attributes
    ----------
    stack : int
    start : int
        The frame with the prompts.
    frames : range
        From the first held-out frame to the last.
    known : frozenset of int
        Those with masks.
    objects : tuple of int
    """

    stack: int
    start: int
    frames: range
    known: frozenset[int]
    objects: tuple[int, ...]


class Examiner:
    """Measures models that differ in their weights only.

    In each block objects are prompted once, on its frame that shows the most, as users
    ask for them, and followed to both ends. Of the frames learnt from none is looked
    at. A pair of object and frame counts where the object is, or something was found.

    Parameters
    ----------
    stacks : sequence of TruthStack
    splits : sequence of Split
        One per stack.
    keeps_features : bool
        Whether the models agree in their image encoder.
    """

    def __init__(
        self,
        stacks: Sequence[TruthStack],
        splits: Sequence[Split],
        *,
        keeps_features: bool,
    ) -> None:
        self._stacks = stacks
        self.blocks = [
            block
            for index, (stack, split) in enumerate(zip(stacks, splits, strict=True))
            for frames in split.held_out
            for block in _block(index, stack, frames)
        ]
        self._keeps_features = keeps_features
        self._trackers: dict[int, VideoTracker] = {}

    def examine(self, model: Sam2Model) -> Generator[None, None, float]:
        """Measure a model; the same object each time where features are kept.

        Yields
        ------
        None
            After each frame.

        Returns
        -------
        float
            Mean J over pairs of object and frame, weighed by how users ask.

        Raises
        ------
        FrameError
            If a frame cannot be read.
        """
        found: Overlaps = defaultdict(list)
        weights: dict[str, list[float]] = defaultdict(list)
        if not self._keeps_features:
            self._trackers.clear()
        for block in self.blocks:
            tracker, habits = self._tracker(model, block.stack), self._habits(block)
            for kind, share in habits.items():
                overlaps = yield from self._follow(tracker, block, kind)
                found[kind] += overlaps
                weights[kind] += [share] * len(overlaps)
        total = sum(map(sum, weights.values()))
        return sum(
            one * weight
            for kind in found
            for one, weight in zip(found[kind], weights[kind], strict=True)
        ) / (total or 1)

    def _habits(self, block: Block) -> dict[str, float]:
        habits = self._stacks[block.stack].habits._asdict()
        usual = sorted(habits, key=lambda kind: -habits[kind])[:_KINDS]
        return {kind: habits[kind] for kind in usual if habits[kind] > 0}

    def _tracker(self, model: Sam2Model, index: int) -> VideoTracker:
        if index not in self._trackers:
            stack = self._stacks[index]
            share = _CACHE_BYTES // len(self._stacks)
            options = TrackerOptions(feature_cache_bytes=share)
            self._trackers[index] = VideoTracker(
                model, stack.frames, limits=stack.limits, options=options
            )
        return self._trackers[index]

    def _follow(
        self, tracker: VideoTracker, block: Block, kind: str
    ) -> Generator[None, None, list[float]]:
        """Return the overlaps of a block's objects, asked for in one way."""
        stack = self._stacks[block.stack]
        for object_id in tracker.object_ids:
            tracker.remove_object(object_id)
        for object_id in block.objects:
            known = stack.mask(object_id, block.start)
            assert known is not None
            said = first_prompts(kind, known.mask)
            tracker.set_prompts(object_id, block.start, said)
        overlaps: list[float] = []
        for result in tracker.propagate(frames=block.frames):
            is_given = kind == "mask" and result.frame == block.start
            if result.frame in block.known and not is_given:
                overlaps += _overlaps(stack, result)
            yield
        return overlaps


def _overlaps(stack: TruthStack, result: FrameResult) -> Iterator[float]:
    for one in result:
        if not stack.knows(one.object_id, result.frame):
            continue
        known = stack.mask(one.object_id, result.frame)
        truth = np.zeros_like(one.mask) if known is None else known.mask
        if one.area or truth.any():
            yield jaccard(one.mask, truth)


def _block(index: int, stack: TruthStack, frames: tuple[int, ...]) -> Iterator[Block]:
    """Yield a block of held-out frames, if any of them shows an object."""
    visible = {frame: stack.large(frame) for frame in frames}
    start = max(frames, key=lambda frame: (len(visible[frame]), -frame))
    if visible[start]:
        objects = _spread(visible[start], _MOST_OBJECTS)
        span = range(frames[0], frames[-1] + 1)
        yield Block(index, start, span, frozenset(frames), objects)


def _spread(objects: list[int], count: int) -> tuple[int, ...]:
    """Choose objects evenly over the range of sizes, but neither end of it.

    Very small and very large ones would say more of chance than of what was learnt.
    """
    if len(objects) <= count:
        return tuple(objects)
    picks = np.linspace(0, len(objects) - 1, count + 2)[1:-1].round().astype(int)
    return tuple(objects[pick] for pick in picks)
