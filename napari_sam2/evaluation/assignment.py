"""Which objects are followed through which frames of a stack, and where they start."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.evaluation.truth import Census, Rules, Truth


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a stack is looked at.

    Attributes
    ----------
    start, stop : int or None
        Frames from ``start`` up to, but without, ``stop``; None is open.
    most_frames : int or None
        Where there are more, the neighbouring frames on which most is to be seen.
    most_objects : int or None
        Where there are more, objects spread evenly over the range of sizes.
    """

    start: int | None = None
    stop: int | None = None
    most_frames: int | None = None
    most_objects: int | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is to be done with a stack.

    Attributes
    ----------
    frames : range
        The frames that objects are followed through.
    starts : mapping of int to int
        The frame on which each object is prompted, by object.
    counted : mapping of int to tuple of int
        The frames, in order, on which each object's mask is compared with the true
        one: those after the first, where that is known.
    offered : int
        Objects that there are to measure, those that are not followed included.
    ends : mapping of int to int
        Objects that divide, and the last frame on which they are themselves.
    """

    frames: range
    starts: Mapping[int, int]
    counted: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    offered: int = 0
    ends: Mapping[int, int] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[int, ...]:
        """The objects that are followed."""
        return tuple(self.starts)

    def compared(self, object_id: int) -> tuple[int, ...]:
        """Return the frames on which an object's mask is known: start and counted."""
        return (self.starts[object_id], *self.counted[object_id])

    def counts(self, object_id: int, frame: int) -> bool:
        """Whether an object's mask on a frame is compared with the true one."""
        frames = self.counted[object_id]
        place = bisect_left(frames, frame)  # it is asked of every frame of long stacks
        return place < len(frames) and frames[place] == frame

    def is_followed(self, object_id: int, frame: int) -> bool:
        """Whether an object has started on a frame, and has not divided before it."""
        return self.starts[object_id] <= frame <= self.ends.get(object_id, frame)

    def only(self, ids: tuple[int, ...]) -> Assignment:
        """Return this for some of the objects."""
        starts = {i: self.starts[i] for i in ids}
        counted = {i: self.counted[i] for i in ids}
        return replace(self, starts=starts, counted=counted)


def assign(truth: Truth, census: Census, limits: Limits) -> Assignment:
    """Choose frames and objects.

    Every object starts on the first frame on which it is properly visible, by the
    rules of the stack's layout. Objects that can be compared on no later frame are left
    out.

    Raises
    ------
    StackError
        If nothing is left.
    """
    frames = _frames(truth, census, limits)
    starts = {i: _start(census, i, frames, truth.rules) for i in census.areas}
    counted = {
        i: _counted(truth, census, i, range(start, frames.stop))
        for i, start in starts.items()
        if start is not None
    }
    usable = [i for i, some in counted.items() if some]
    if not usable:
        raise StackError(
            f"{truth.name} shows no object on two annotated frames among frames "
            f"{frames.start} to {frames.stop - 1}: one to start on, one to compare."
        )
    ids = _spread_over_sizes(usable, census, limits.most_objects)
    chosen = {i: start for i in ids if (start := starts[i]) is not None}
    counted = {i: counted[i] for i in ids}
    return Assignment(frames, chosen, counted, len(census.areas), census.ends)


def _frames(truth: Truth, census: Census, limits: Limits) -> range:
    """Return the frames to follow objects through."""
    count = len(truth.frames)
    start = limits.start or 0
    stop = count if limits.stop is None else min(limits.stop, count)
    if start >= stop:
        raise StackError(
            f"{truth.name} has frames 0 to {count - 1}, none of those asked for."
        )
    most = limits.most_frames
    if most is None or stop - start <= most:
        return range(start, stop)
    seen = np.zeros(count + 1, np.intp)
    for areas in census.areas.values():
        seen[1 + np.fromiter(areas, np.intp)] += 1
    before = seen.cumsum()  # of each frame
    shown = before[start + most : stop + 1] - before[start : stop - most + 1]
    best = start + int(shown.argmax())
    return range(best, best + most)


def _start(census: Census, object_id: int, frames: range, rules: Rules) -> int | None:
    """Return the first frame on which an object is properly visible, if any."""
    enough = max(
        rules.fewest_pixels, rules.visible_share * census.median_area(object_id)
    )
    areas = census.areas[object_id]
    for frame in frames:
        if areas.get(frame, 0) >= enough and census.is_known(object_id, frame):
            return frame
    return None


def _counted(
    truth: Truth, census: Census, object_id: int, frames: range
) -> tuple[int, ...]:
    """Return the frames, but the first, that count for an object."""
    stop = len(truth.frames) - (not truth.rules.counts_last)
    after = range(frames.start + 1, min(frames.stop, stop))
    return tuple(frame for frame in after if census.is_known(object_id, frame))


def _spread_over_sizes(ids: list[int], census: Census, most: int | None) -> list[int]:
    """Choose objects evenly over the range of their sizes, in the order of ids."""
    if most is None or len(ids) <= most:
        return sorted(ids)
    by_size = sorted(ids, key=lambda i: (census.median_area(i), i))
    step = len(by_size) / most
    return sorted(by_size[int((k + 0.5) * step)] for k in range(most))
