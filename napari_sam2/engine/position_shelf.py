"""The trackers of a few positions, and what those of the others put by."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.engine.objects.tracks import ObjectTracks
    from napari_sam2.engine.runs.legs import Place
    from napari_sam2.engine.tracker import VideoTracker

MOST_KEPT = 4


class PositionShelf:
    """Has the tracker of every position, made anew where it was let go.

    One that is made anew goes on with the prompts and answers that its predecessor put
    by; what that one remembered of tracked frames is gone.

    Parameters
    ----------
    seen_at : callable
        Returns the frames at a position as the model sees them.
    make : callable
        Makes a tracker of a stack.
    rest : callable
        Called with a tracker that is left for another position.
    """

    def __init__(
        self,
        seen_at: Callable[[Position], FrameSource],
        make: Callable[[FrameSource], VideoTracker],
        rest: Callable[[VideoTracker], None],
    ) -> None:
        self._seen_at, self._make, self._rest = seen_at, make, rest
        self._trackers: OrderedDict[Position, VideoTracker] = OrderedDict()
        self._put_by: dict[Position, ObjectTracks] = {}

    def emptied(self) -> PositionShelf:
        """Return one of the same stack that has no tracker yet."""
        return PositionShelf(self._seen_at, self._make, self._rest)

    def __len__(self) -> int:
        """Count the trackers that are kept."""
        return len(self._trackers)

    def at(self, position: Position) -> VideoTracker:
        """Return the tracker of a position, which is the last one used then."""
        newest = next(reversed(self._trackers), None)
        if newest is not None and newest != position:
            self._rest(self._trackers[newest])
        tracker = self._trackers.pop(position, None)
        if tracker is None:
            while len(self._trackers) >= MOST_KEPT:
                self._put_oldest_by()
            tracker = self._made_again(position)
        self._trackers[position] = tracker
        return tracker

    def withdraw(self, position: Position, place: Place, nothing: FramePrompts) -> None:
        """Take back what was said of an object on a frame."""
        if position in self._trackers:
            self._trackers[position].set_prompts(*place, nothing)
        else:
            self._put_by[position].withdraw(*place)

    def remove_object(self, position: Position, object_id: int) -> None:
        """Forget an object at a position where it is known."""
        if position in self._trackers:
            self._trackers[position].remove_object(object_id)
        else:
            self._put_by[position].remove(object_id)

    def drop(self, position: Position) -> None:
        """Let go of a position about which nothing is said any more."""
        self._trackers.pop(position, None)
        self._put_by.pop(position, None)

    def pack(self, most_bytes: int) -> list[tuple[Position, bytes]] | None:
        """Return what is known at each position, those used last at the end.

        None where that takes more bytes, or no tracker is there.
        """
        newest = next(reversed(self._trackers.values()), None)
        if newest is None:
            return None
        packed: list[tuple[Position, bytes]] = []
        for position in (*self._put_by, *self._trackers):
            tracker = self._trackers.get(position, newest)
            others = self._put_by.get(position)
            found = tracker.pack_objects(
                most_bytes, others, has_history=tracker is newest
            )
            if found is None:
                return None
            packed.append((position, found))
            most_bytes -= len(found)
        return packed

    def _put_oldest_by(self) -> None:
        position, tracker = next(iter(self._trackers.items()))
        self._put_by[position] = tracker.put_by()
        del self._trackers[position]  # not before all of it has found room

    def _made_again(self, position: Position) -> VideoTracker:
        tracker = self._make(self._seen_at(position))
        if position in self._put_by:
            tracker.take_up(self._put_by[position])
            del self._put_by[position]  # not before all of it has found room
        return tracker
