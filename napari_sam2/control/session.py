"""A tracker and what it was told. Used on the lane, and nowhere else."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from napari_sam2.control.everywhere import FollowEverywhere
from napari_sam2.control.kept_positions import KeptPositions
from napari_sam2.control.orders import RunOrder, RunStep
from napari_sam2.control.recording import Recorder
from napari_sam2.control.requesting import Opened
from napari_sam2.control.told_tracker import ToldTracker, telling
from napari_sam2.control.unfinished import found_before
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import ModelError, Sam2Error
from napari_sam2.core.position_frames import AllFrames
from napari_sam2.core.recipe import Followed, Made, Removed, Told

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from napari_sam2.control.ports import (
        PositionedTracker,
        Tracker,
        TrackerFactory,
        TrackerRequest,
    )
    from napari_sam2.control.requesting import News
    from napari_sam2.control.snapshot import Snapshot
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.packed import PackedResult
    from napari_sam2.state.masks import Place


class TrackerSession:
    """Keeps a tracker in agreement with the document, and works with it.

    The public methods are jobs for a lane.

    Parameters
    ----------
    make_tracker : TrackerFactory
    recorder : Recorder, optional
        Takes down what trackers are told.
    """

    def __init__(
        self, make_tracker: TrackerFactory, recorder: Recorder | None = None
    ) -> None:
        self.recorder = Recorder() if recorder is None else recorder
        self._make_tracker = make_tracker
        self._request: TrackerRequest | None = None
        self._tracker: ToldTracker | None = None
        self._begun: FollowEverywhere | None = None

    def prepare(
        self, request: TrackerRequest, token: CancelToken
    ) -> Generator[News | TrackerRequest]:
        """Have the tracker ready that ``request`` describes; yield it at the end."""
        with self._distrust():
            tracker = yield from self._ready(request, token)
            if tracker is not None:
                yield request

    def answer(
        self,
        request: TrackerRequest,
        snapshot: Snapshot,
        place: Place,
        token: CancelToken,
    ) -> Generator[News | PackedResult]:
        """Answer the prompts of one object on one frame."""
        with self._distrust():
            tracker = yield from self._ready(request, token)
            if tracker is None:
                return
            yield from self._tell(tracker, snapshot, token)
            if _knows(tracker, place, snapshot):
                yield tracker.told[place][1]

    def run(
        self,
        request: TrackerRequest,
        snapshot: Snapshot,
        order: RunOrder,
        token: CancelToken,
    ) -> Generator[News | RunStep]:
        """Carry objects through the stack."""
        with self._distrust():
            tracker = yield from self._ready(request, token)
            if tracker is None:
                return
            yield from self._tell(tracker, snapshot, token)
            if token.is_cancelled:
                return
            if order.seed is not None:
                yield from self._everywhere(tracker, snapshot, order, token)
                return
            step = _as_step(order, tracker)
            if step.across:
                yield from _cross(tracker, step, token)
                return
            if step.is_resumed and order.resumes is not None:
                begun = order.resumes
            else:
                begun = RunStep(0, tracker.count_steps(step))
            yield begun
            with closing(tracker.follow(step, token)) as found:
                for done, packed in enumerate(found, begun.done + 1):
                    yield RunStep(done, begun.steps, packed)

    def leave(self) -> Generator[News]:
        """Keep nothing to go on with of a run along several axes."""
        if self._tracker is not None:
            self._tracker.leave_crossing()
        yield from ()

    def _everywhere(
        self,
        tracker: ToldTracker,
        snapshot: Snapshot,
        order: RunOrder,
        token: CancelToken,
    ) -> Generator[RunStep]:
        """Carry objects through all positions; go on where that was stopped."""
        going_on = self._begun if order.resumes is not None else None
        if going_on is None or going_on.tracker is not tracker:
            store = _found_before(tracker, snapshot, order)
            going_on = self._begun = FollowEverywhere(tracker, store)
        with closing(going_on.follow(snapshot, order, token)) as steps:
            yield from steps

    def _ready(
        self, request: TrackerRequest, token: CancelToken
    ) -> Generator[News, None, ToldTracker | None]:
        """Return the tracker, made anew when something else is asked for."""
        if request is self._request and self._tracker is not None:
            return self._tracker
        self._forget()  # first, so that two models are never in memory at once
        made: ToldTracker | None = None
        for item in self._make_tracker(request, token):
            if isinstance(item, Progress):
                yield item
            else:
                made = ToldTracker(item, self.recorder)
                self.recorder.add(_made(request, item))
        if made is None and not token.is_cancelled:
            raise ModelError(f"The model {request.model} could not be loaded.")
        self._tracker, self._request = made, request
        if made is not None:
            yield Opened(request, made.tracker.quality)
        return made

    def _tell(
        self, tracker: ToldTracker, snapshot: Snapshot, token: CancelToken
    ) -> Iterator[Progress]:
        """Tell the tracker what differs from what it was told."""
        for object_id in _outdated_objects(tracker, snapshot):
            tracker.remove(Removed(object_id))
        spare_id = max(snapshot.alive | tracker.object_ids, default=0) + 1
        news = [p for p in sorted(snapshot.said) if not _knows(tracker, p, snapshot)]
        for done, place in enumerate(news):
            if len(news) > 1:
                yield Progress(done, len(news), "Reading the prompts")
            if token.is_cancelled:
                return
            tracker.tell(_news(place, snapshot), spare_id=spare_id)
        # Last, so that an object whose only prompt moves keeps its memory.
        for place in [p for p in tracker.told if p[0] in snapshot.scope]:
            if place not in snapshot.said:
                tracker.tell(Told(*place), spare_id=spare_id)

    def _forget(self) -> None:
        self._tracker = self._begun = None
        self._request = None

    @contextmanager
    def _distrust(self) -> Iterator[None]:
        """Give the tracker up after an error that nobody foresaw."""
        try:
            yield
        except (Sam2Error, GeneratorExit):
            raise
        except BaseException:
            self._forget()
            raise


def _knows(tracker: ToldTracker, place: Place, snapshot: Snapshot) -> bool:
    return place in tracker.told and tracker.told[place][0] == snapshot.said[place]


def _news(place: Place, snapshot: Snapshot) -> Told:
    """Return what the tracker is to be told about a place."""
    seen = snapshot.corrected.get(place)
    previous = None if seen is None or seen.is_absent else seen
    return telling(place, snapshot.said[place], previous)


def _outdated_objects(tracker: ToldTracker, snapshot: Snapshot) -> Iterator[int]:
    """Yield objects that are gone, unprompted, or remembered otherwise."""
    spoken_of = {object_id for object_id, _ in snapshot.said}
    for object_id in tracker.object_ids:
        is_gone = object_id not in snapshot.alive
        in_scope = object_id in snapshot.scope
        is_silent = in_scope and object_id not in spoken_of
        strays = in_scope and tracker.remembered.strays(object_id, snapshot)
        if is_gone or is_silent or strays:
            yield object_id


def _found_before(
    tracker: ToldTracker, snapshot: Snapshot, order: RunOrder
) -> KeptPositions:
    """Return what a run that goes on had found, with another tracker say."""
    if order.resumes is None:
        return KeptPositions()
    numbers = cast("PositionedTracker", tracker.tracker).numbers
    span = order.frames or range(numbers.length)
    return found_before(snapshot.masks, numbers, span, order.objects)


def _made(request: TrackerRequest, tracker: Tracker) -> Made:
    frames = request.frames
    one = frames.one if isinstance(frames, AllFrames) else frames
    return Made(
        request.model,
        limits=tracker.limits,
        channels=getattr(one, "channels", None),
        image_size=request.image_size,
        window=request.window,
        corrects_bleaching=request.corrects_bleaching,
        level=getattr(one, "level", 0),
        beside=getattr(one, "beside", ()),
        quality=tracker.quality,
        precision=tracker.precision,
    )


def _as_step(order: RunOrder, tracker: ToldTracker) -> Followed:
    """Return the run as a step.

    A run that the tracker no longer remembers is done again from its beginning.
    """
    frames = order.frames
    step = Followed(
        order.objects,
        order.direction,
        None if frames is None else (frames.start, frames.stop),
        across=order.across,
    )
    can_go_on = order.resumes is not None and tracker.can_resume(step)
    return replace(step, is_resumed=can_go_on)


def _cross(
    tracker: ToldTracker, step: Followed, token: CancelToken
) -> Generator[RunStep]:
    """Carry objects along several axes, and fuse them."""
    with closing(tracker.follow(step, token)) as found:
        for packed in found:
            assert tracker.crossing is not None, "it goes on"
            yield replace(tracker.crossing.now, found=packed)
