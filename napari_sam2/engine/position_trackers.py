"""A stack with many positions as one: a tracker for each, made when it is needed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_sam2.core.cancel import check_token
from napari_sam2.core.errors import NoPromptError
from napari_sam2.core.frames.numbers import FrameNumbers
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.results import FrameResult
from napari_sam2.engine.kept_runs.packed_positions import (
    PackedPositions,
    part_positions,
)
from napari_sam2.engine.position_shelf import PositionShelf
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
    from napari_sam2.engine.runs.legs import Leg, Place
    from napari_sam2.engine.runs.plan import Direction
    from napari_sam2.engine.tracker import VideoTracker


class PositionTrackers:
    """Follows objects at many positions, none of which knows of another.

    It is used as a :class:`napari_sam2.engine.tracker.VideoTracker` is, with frames
    counted as :class:`napari_sam2.core.frames.numbers.FrameNumbers` does. A run is made
    at one position after the other. The trackers of a few positions are kept, as
    :class:`napari_sam2.engine.position_shelf.PositionShelf` says.

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
        length = len(seen_at(positions.first))
        self.numbers = FrameNumbers(positions.shape, length)
        self._shelf = PositionShelf(seen_at, make, rest)
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
        tracker = self._shelf.at(position)
        result = tracker.set_prompts(object_id, index, prompts, previous=previous)
        self._prompted.setdefault(position, set()).add((object_id, index))
        return None if result is None else replace(result, frame=frame)

    def remove_object(self, object_id: int) -> None:
        """Forget an object, at all positions."""
        for position, places in list(self._prompted.items()):
            others = {place for place in places if place[0] != object_id}
            if others != places:
                self._end_run_of(object_id, position)
                self._shelf.remove_object(position, object_id)
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
        self._check_stopped()
        return self._run(self._left, token, is_resumed=self._is_begun)

    def pack_session(self, most_bytes: int) -> bytes | None:
        """Return a stopped run, and all that is known, for another session of the kind.

        See :meth:`napari_sam2.engine.tracker.VideoTracker.pack_session`.
        """
        self._check_stopped()
        known = self._shelf.pack(most_bytes)
        if known is None:
            return None
        return PackedPositions(self._left, self._is_begun, known).joined()

    def unpack_session(self, data: bytes) -> None:
        """Know what another session knew, and forget all else; then resume its run.

        See :meth:`napari_sam2.engine.tracker.VideoTracker.unpack_session`.
        """
        packed = part_positions(data, self.numbers)
        shelf, prompted = self._shelf.emptied(), {}
        for position, known in packed.known:
            tracker = shelf.at(position)
            tracker.unpack_objects(known)
            prompted[position] = {
                (i, frame) for i in tracker.object_ids for frame in tracker.prompts(i)
            }
        self._shelf, self._prompted = shelf, prompted
        self._left, self._is_begun = list(packed.left), packed.is_begun

    def _check_stopped(self) -> None:
        if not self._left:
            raise NoPromptError("No run was stopped: start one with propagate().")

    def _run(
        self, legs: list[Leg], token: CancelToken | None, *, is_resumed: bool = False
    ) -> Generator[FrameResult]:
        for number, leg in enumerate(legs):
            self._left, self._is_begun = legs[number:], False
            if token is not None and token.is_cancelled:
                return
            if not self._objects_of(leg):
                continue
            tracker = self._shelf.at(leg.position)
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
        self._shelf.withdraw(position, place, nothing)
        self._keep(position, places - {place})

    def _keep(self, position: Position, places: set[Place]) -> None:
        if places:
            self._prompted[position] = places
        else:
            self._prompted.pop(position, None)
            self._shelf.drop(position)

    def _numbered(self, position: Position, result: FrameResult) -> FrameResult:
        frame = self.numbers.series_at(position)[result.frame]
        return FrameResult(frame, tuple(replace(one, frame=frame) for one in result))
