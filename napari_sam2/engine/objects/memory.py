"""What is remembered of one object, and what of it is kept.

The last frames are kept as they were found. Of those before them a run looks at those
that are near a prompted frame, where it begins or turns: at the spatial memories of a
few, and at the pointers of some more, which are a thousandth of their size. What a
frame looks at of it is chosen in :mod:`napari_sam2.engine.objects.selection`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from math import inf
from typing import TYPE_CHECKING

from napari_sam2.engine.objects.selection import select_memories

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from torch import Tensor, device

    from napari_sam2.engine.objects.selection import MemoryRules, Reach, Selection
    from napari_sam2.engine.views.window import Sighting


@dataclass(frozen=True, slots=True)
class FrameMemory:
    """One object on one tracked or prompted frame.

    Attributes
    ----------
    spatial : Tensor, shape (h * w, memory_dim), or None
        Of :func:`~napari_sam2.engine.device.kept_dtype`; None where no run looks at it
        any more.
    pointer : Tensor, shape (C,)
    sighting : Sighting
        Where the object was, and in which view.
    logits : Tensor of float32, shape (1, 1, S/4, S/4), or None
        The tracked mask, for refining it; prompted frames keep theirs elsewhere.
    is_reverse : bool
        Whether the frame was tracked backward in time.
    """

    spatial: Tensor | None
    pointer: Tensor
    sighting: Sighting
    logits: Tensor | None = None
    is_reverse: bool = False

    def to(self, where: device) -> FrameMemory:
        """Return the memory on a device."""
        return replace(
            self,
            spatial=None if self.spatial is None else self.spatial.to(where),
            pointer=self.pointer.to(where),
            logits=None if self.logits is None else self.logits.to(where),
        )

    def as_far(self, distance: float, reach: Reach) -> FrameMemory | None:
        """Return what is looked at of it from so many frames away; None if nothing."""
        if distance > reach.pointers:
            return None
        is_thin = distance > reach.spatial or self.spatial is None
        if self.logits is None and is_thin == (self.spatial is None):
            return self
        return replace(self, spatial=None if is_thin else self.spatial, logits=None)


@dataclass(slots=True)
class MemoryBank:
    """The memories of one object: they grow with its prompts, not with the stack.

    Attributes
    ----------
    conditioning : dict of int to FrameMemory
        Prompted frames, in the order in which they were prompted.
    recent : dict of int to FrameMemory
        The last frames that were tracked, oldest first, as they were found.
    around : dict of int to FrameMemory
        Frames tracked before those, as far as a run that comes by a prompted frame
        looks at them.
    """

    conditioning: dict[int, FrameMemory] = field(default_factory=dict)
    recent: dict[int, FrameMemory] = field(default_factory=dict)
    around: dict[int, FrameMemory] = field(default_factory=dict)

    def __getitem__(self, frame: int) -> FrameMemory:
        """Return the memory of a frame, prompted or tracked."""
        for known in (self.conditioning, self.recent):
            if frame in known:
                return known[frame]
        return self.around[frame]

    @property
    def tracked(self) -> dict[int, FrameMemory]:
        """All frames that are remembered and not prompted; the last ones come last."""
        return self.around | self.recent

    def select(
        self, frame: int, *, is_reverse: bool, frame_count: int, rules: MemoryRules
    ) -> Selection:
        """Choose what ``frame`` looks at; see :func:`select_memories`."""
        return select_memories(
            self.conditioning,
            (*self.around, *self.recent),
            frame,
            is_reverse=is_reverse,
            frame_count=frame_count,
            rules=rules,
            thin={f for f, one in self.around.items() if one.spatial is None},
        )

    def last_seen(self, frame: int, *, is_reverse: bool) -> tuple[Sighting, int] | None:
        """Return the nearest sighting before a frame, and how many frames before.

        Where there is none before it, the nearest one after it is taken.
        """
        step = -1 if is_reverse else 1
        known = chain(self.conditioning, self.around, self.recent)
        nearest = min(
            (f for f in known if f != frame),
            key=lambda f: ((f - frame) * step > 0, abs(f - frame)),
            default=None,
        )
        if nearest is None:
            return None
        return self[nearest].sighting, abs(nearest - frame)

    def remember(
        self, frame: int, memory: FrameMemory, keep: int, reach: Reach
    ) -> None:
        """Add a tracked frame, and forget of the oldest what no run looks at.

        Parameters
        ----------
        frame : int
        memory : FrameMemory
        keep : int
            How many of the last frames are kept whole.
        reach : Reach
            How far from a prompted frame others are looked at: every later run starts
            there, in either direction.
        """
        self.forget([frame])
        self.recent[frame] = memory
        while len(self.recent) > keep:
            oldest = next(iter(self.recent))
            kept = {oldest: self.recent.pop(oldest)}
            self.around |= _thinned(kept, self.conditioning, reach)

    def forget(self, frames: Iterable[int]) -> None:
        """Drop tracked frames that are about to be computed again."""
        for frame in frames:
            self.recent.pop(frame, None)
            self.around.pop(frame, None)

    def forget_left(self, near: Collection[int], reach: Reach) -> None:
        """Forget what was kept around frames that are no longer looked at from.

        Parameters
        ----------
        near : collection of int
            The prompted frames, and where a run begins and ends.
        reach : Reach
        """
        self.around = _thinned(self.around, near, reach)

    def forget_far(self, near: Collection[int], reach: Reach) -> bool:
        """Forget of tracked frames what is not looked at from any of ``near``.

        Returns
        -------
        bool
            Whether there was any.
        """
        before = self.tracked
        self.recent, self.around = {}, _thinned(before, near, reach)
        return any(self.around.get(frame) is not one for frame, one in before.items())

    def enough(self, prompted: Collection[int], reach: Reach) -> MemoryBank:
        """Return no more than runs look at, and what corrects the last frame."""
        recent: dict[int, FrameMemory] = {}
        around = dict(self.around)
        for age, (frame, memory) in enumerate(reversed(self.recent.items())):
            kept = memory.as_far(min(age, _distance(frame, prompted)), reach)
            if kept is not None:
                (recent if age <= reach.spatial else around)[frame] = kept
        recent = {frame: recent[frame] for frame in reversed(recent)}
        if recent:
            last = next(reversed(recent))
            recent[last] = self.recent[last]
        return MemoryBank(self.conditioning, recent, around)


def _distance(frame: int, near: Collection[int]) -> float:
    return min((abs(frame - one) for one in near), default=inf)


def _thinned(
    memories: dict[int, FrameMemory], near: Collection[int], reach: Reach
) -> dict[int, FrameMemory]:
    """Return what is looked at of memories from some frames."""
    found = {}
    for frame, memory in memories.items():
        kept = memory.as_far(_distance(frame, near), reach)
        if kept is not None:
            found[frame] = kept
    return found
