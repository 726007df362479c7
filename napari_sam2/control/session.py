"""A tracker and what it was told. Used on the lane, and nowhere else."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from napari_sam2.control.orders import RunOrder, RunStep
from napari_sam2.control.positions.everywhere import FollowEverywhere
from napari_sam2.control.positions.kept import KeptPositions
from napari_sam2.control.positions.unfinished import found_before
from napari_sam2.control.requesting import Opened, made_of
from napari_sam2.control.runs.run_keeper import RunKeeper, Setting
from napari_sam2.control.telling.differences import (
    knows,
    outdated_objects,
    tell_differences,
)
from napari_sam2.control.telling.recording import Recorder
from napari_sam2.control.telling.told_tracker import ToldTracker
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import ModelError, Sam2Error
from napari_sam2.core.recipe import Followed

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from napari_sam2.control.ports import (
        PositionedTracker,
        TrackerFactory,
        TrackerRequest,
    )
    from napari_sam2.control.requesting import News
    from napari_sam2.control.telling.snapshot import Snapshot
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.masks.packed import PackedResult
    from napari_sam2.core.recipe import Made
    from napari_sam2.core.unfinished_run import UnfinishedRun
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
        self._made: Made | None = None
        self._begun: FollowEverywhere | None = None
        self._left: tuple[UnfinishedRun, Snapshot] | None = None
        self.keeper = RunKeeper()

    def expect(self, left: UnfinishedRun, snapshot: Snapshot) -> None:
        """Let the first tracker go on with a run of an earlier session, if it can.

        Parameters
        ----------
        left : UnfinishedRun
        snapshot : Snapshot
            What the document says about the objects that the run knew.
        """
        self._left = left, snapshot

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
            yield from tell_differences(tracker, snapshot, token)
            if knows(tracker, place, snapshot):
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
            self.keeper.leave()
            tracker = yield from self._ready(request, token)
            if tracker is None:
                return
            yield from tell_differences(tracker, snapshot, token)
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
            self.keeper.begin(self._setting(tracker), step, begun)
            try:
                yield from self._follow(tracker, step, begun, token)
            finally:
                self.keeper.end()

    def keep(
        self, before: UnfinishedRun | None, snapshot: Snapshot, token: CancelToken
    ) -> Generator[News | UnfinishedRun]:
        """Tell the tracker what was said since a run was stopped, and keep that too.

        What was kept ``before`` is good enough where nothing was said since.
        """
        with self._distrust():
            tracker = self._tracker
            if tracker is None or any(outdated_objects(tracker, snapshot)):
                return
            yield from tell_differences(tracker, snapshot, token)
            left = self.keeper.take_down(before)
            if left is not None:
                yield left

    def give_up(self, request: TrackerRequest) -> Generator[News]:
        """Let go of a tracker that is not the one that is asked for now.

        Whoever needs one has it made; until then, it is not in memory beside those of
        other sessions.
        """
        if self._request is not request:
            self._forget()
        yield from ()

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

    def _follow(
        self, tracker: ToldTracker, step: Followed, begun: RunStep, token: CancelToken
    ) -> Generator[RunStep]:
        with closing(tracker.follow(step, token)) as found:
            for done, packed in enumerate(found, begun.done + 1):
                left = self.keeper.note(packed, done)
                yield RunStep(done, begun.steps, packed, left=left)

    def _setting(self, tracker: ToldTracker) -> Setting:
        assert self._request is not None and self._made is not None
        return Setting(tracker, self._made, self._request.frames)

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
        if made is None and not token.is_cancelled:
            raise ModelError(f"The model {request.model} could not be loaded.")
        self._tracker, self._request = made, request
        if made is not None:
            self._made = self.recorder.identified(made_of(request, made.tracker))
            left = self._bring_back(made)
            if left is None:
                self.recorder.add(self._made)
            yield Opened(request, made.tracker.quality, left)
        return made

    def _bring_back(self, tracker: ToldTracker) -> UnfinishedRun | None:
        """Go on as the tracker of an earlier session; return its run, if that can be.

        Then nothing is taken down, as it is that tracker which goes on.
        """
        expected, self._left = self._left, None
        if expected is None or not self.recorder.has_run(expected[0]):
            return None
        if not self.keeper.bring_back(*expected, self._setting(tracker)):
            return None
        self.recorder.take_up(expected[0])
        return expected[0]

    def _forget(self) -> None:
        self._tracker = self._begun = None
        self._request = None
        self.keeper.forget()

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


def _found_before(
    tracker: ToldTracker, snapshot: Snapshot, order: RunOrder
) -> KeptPositions:
    """Return what a run that goes on had found, with another tracker say."""
    if order.resumes is None:
        return KeptPositions()
    numbers = cast("PositionedTracker", tracker.tracker).numbers
    span = order.frames or range(numbers.length)
    return found_before(snapshot.masks, numbers, span, order.objects)


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
