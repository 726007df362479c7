"""A stack with many positions as one: a tracker for each, made when it is needed."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_sam2.core.cancel import check_token
from napari_sam2.core.errors import NoPromptError
from napari_sam2.core.frames.numbers import FrameNumbers
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.results import FrameResult
from napari_sam2.engine.runs.legs import make_legs

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import numpy.typing as npt

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.positions import Positions
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.core.quality import Precision, Quality
    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.objects.tracks import ObjectTracks
    from napari_sam2.engine.runs.legs import Leg, Place
    from napari_sam2.engine.runs.plan import Direction
    from napari_sam2.engine.tracker import VideoTracker

_MOST_KEPT = 4


class PositionTrackers:
    """Follows objects at many positions, none of which knows of another.

    It is used as a :class:`napari_sam2.engine.tracker.VideoTracker` is, with frames
    counted as :class:`napari_sam2.core.frames.numbers.FrameNumbers` does. A run is made
    at one position after the other. The trackers of a few positions are kept. Another
    one is made anew when it is needed, and goes on with the prompts and answers that
    its predecessor put by; what that one remembered of tracked frames is gone.

    Parameters
    ----------
    positions : Positions
        All that the stack has.
    seen_at : callable
        Returns the frames at a position as the model sees them.
    make : callable
        Makes a tracker of a stack.
    rest : callable, optional
        Called with a tracker that is left for another position.
    quality : Quality
        Of what ``make`` makes.
    precision : str or None
        What it multiplies in.
    limits : IntensityLimits
        What it sees as black and white.

    Attributes
    ----------
    positions, seen_at, make, quality, precision, limits
    """

    def __init__(
        self,
        positions: Positions,
        seen_at: Callable[[Position], FrameSource],
        make: Callable[[FrameSource], VideoTracker],
        rest: Callable[[VideoTracker], None] = lambda _: None,
        *,
        quality: Quality,
        precision: Precision | None,
        limits: IntensityLimits,
    ) -> None:
        self.positions, self.seen_at, self.make = positions, seen_at, make
        self.quality, self.precision, self.limits = quality, precision, limits
        self._rest_tracker = rest
        length = len(seen_at(positions.first))
        self.numbers = FrameNumbers(positions.shape, length)
        self._trackers: OrderedDict[Position, VideoTracker] = OrderedDict()
        self._put_by: dict[Position, ObjectTracks] = {}
        self._prompted: dict[Position, set[Place]] = {}
        self._left: list[Leg] = []
        self._is_begun = False

    @property
    def is_paused(self) -> bool:
        """Whether a run was stopped before its end, so that :meth:`resume` goes on."""
        return bool(self._left)

    def set_prompts(
        self,
        object_id: int,
        frame: int,
        prompts: FramePrompts,
        *,
        previous: npt.NDArray[Any] | None = None,
    ) -> MaskResult | None:
        """Replace everything said about an object on a frame; nothing withdraws it.

        See :meth:`napari_sam2.engine.tracker.VideoTracker.set_prompts`.
        """
        frame = check_frame(frame, self.numbers.count)
        position, index = self.numbers.split(frame)
        if not prompts:
            self._withdraw(position, (object_id, index), prompts)
            return None
        tracker = self._tracker(position)
        result = tracker.set_prompts(object_id, index, prompts, previous=previous)
        self._prompted.setdefault(position, set()).add((object_id, index))
        return None if result is None else replace(result, frame=frame)

    def remove_object(self, object_id: int) -> None:
        """Forget an object, at all positions."""
        for position, places in list(self._prompted.items()):
            others = {place for place in places if place[0] != object_id}
            if others != places:
                self._end_run_of(object_id, position)
                if position in self._trackers:
                    self._trackers[position].remove_object(object_id)
                else:
                    self._put_by[position].remove(object_id)
                self._keep(position, others)

    def plan(
        self,
        *,
        direction: Direction = "both",
        frames: range | None = None,
        objects: Sequence[int] | None = None,
    ) -> range:
        """Return something as long as the number of steps of a run."""
        legs = make_legs(self._prompted, self.numbers, frames, direction, objects)
        return range(sum(len(leg.plan) for leg in legs))

    def propagate(
        self,
        *,
        direction: Direction = "both",
        frames: range | None = None,
        objects: Sequence[int] | None = None,
        token: CancelToken | None = None,
    ) -> Generator[FrameResult]:
        """Carry the objects through the stack at every position where they are known.

        Parameters
        ----------
        direction : {"both", "forward", "backward"}, optional
        frames : range, optional
            The frames to visit, of one position or several; all by default.
        objects : sequence of int, optional
            The objects to compute; all by default.
        token : CancelToken, optional
            Stops the run before the next frame; :meth:`resume` goes on from there.

        Raises
        ------
        NoPromptError, FrameError
            As for a single stack. A frame that cannot be read ends the run at its
            position.
        """
        check_token(token)
        legs = make_legs(self._prompted, self.numbers, frames, direction, objects)
        return self._run(legs, token)

    def resume(self, *, token: CancelToken | None = None) -> Generator[FrameResult]:
        """Go on with a run that was stopped."""
        check_token(token)
        if not self._left:
            raise NoPromptError("No run was stopped: start one with propagate().")
        return self._run(self._left, token, is_resumed=self._is_begun)

    def _run(
        self, legs: list[Leg], token: CancelToken | None, *, is_resumed: bool = False
    ) -> Generator[FrameResult]:
        for number, leg in enumerate(legs):
            self._left, self._is_begun = legs[number:], False
            if token is not None and token.is_cancelled:
                return
            if not self._objects_of(leg):
                continue
            tracker = self._tracker(leg.position)
            is_resumed = is_resumed and number == 0 and tracker.is_paused
            self._is_begun = True
            with closing(self._begin(tracker, leg, token, is_resumed)) as results:
                for result in results:
                    # Also where an object of the run was taken back after the last one.
                    self._left, self._is_begun = legs[number:], True
                    yield self._numbered(leg.position, result)
            if tracker.is_paused:
                return
        self._left = []

    def _begin(
        self,
        tracker: VideoTracker,
        leg: Leg,
        token: CancelToken | None,
        is_resumed: bool,
    ) -> Any:
        if is_resumed:
            return tracker.resume(token=token)
        return tracker.propagate(
            direction=leg.plan.direction,
            frames=leg.plan.frames,
            objects=self._objects_of(leg),
            token=token,
        )

    def _objects_of(self, leg: Leg) -> tuple[int, ...]:
        """Return the objects of a leg, less those that were taken back meanwhile."""
        return leg.objects_in(self._prompted.get(leg.position, ()))

    def _end_run_of(self, object_id: int, position: Position) -> None:
        """Let no stopped run go on for which an object that is taken back was asked."""
        for leg in self._left:
            if leg.position == position and object_id in leg.plan.prompted:
                self._left = []

    def _withdraw(
        self, position: Position, place: Place, nothing: FramePrompts
    ) -> None:
        places = self._prompted.get(position, set())
        if place not in places:
            return
        self._end_run_of(place[0], position)
        if position in self._trackers:
            self._trackers[position].set_prompts(*place, nothing)
        else:
            self._put_by[position].withdraw(*place)
        self._keep(position, places - {place})

    def _keep(self, position: Position, places: set[Place]) -> None:
        if places:
            self._prompted[position] = places
        else:
            for known in (self._prompted, self._trackers, self._put_by):
                known.pop(position, None)

    def _tracker(self, position: Position) -> VideoTracker:
        """Return the tracker of a position, which is the last one used then."""
        newest = next(reversed(self._trackers), None)
        if newest is not None and newest != position:
            self._rest_tracker(self._trackers[newest])
        tracker = self._trackers.pop(position, None)
        if tracker is None:
            while len(self._trackers) >= _MOST_KEPT:
                self._put_oldest_by()
            tracker = self._made_again(position)
        self._trackers[position] = tracker
        return tracker

    def _put_oldest_by(self) -> None:
        position, tracker = next(iter(self._trackers.items()))
        if position in self._prompted:
            self._put_by[position] = tracker.put_by()
        del self._trackers[position]  # not before all of it has found room

    def _made_again(self, position: Position) -> VideoTracker:
        tracker = self.make(self.seen_at(position))
        if position in self._put_by:
            tracker.take_up(self._put_by[position])
            del self._put_by[position]  # not before all of it has found room
        return tracker

    def _numbered(self, position: Position, result: FrameResult) -> FrameResult:
        frame = self.numbers.series_at(position)[result.frame]
        return FrameResult(frame, tuple(replace(one, frame=frame) for one in result))
