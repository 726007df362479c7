"""Runs: carrying objects through the stack, one at a time, each one undo step."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from napari_sam2.control.positions.unfinished import order_left
from napari_sam2.control.runs.left_run import LeftRun
from napari_sam2.control.runs.one_run import Run, Stage, frames_of
from napari_sam2.control.runs.pace import Pace
from napari_sam2.control.status import Activity, Topic
from napari_sam2.control.telling.snapshot import outlines, take_snapshot
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import NoPromptError, StackError
from napari_sam2.state import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from napari_sam2.control.dispatch import Dispatcher
    from napari_sam2.control.orders import RunOrder, RunStep
    from napari_sam2.control.ports import TrackerRequest
    from napari_sam2.control.requesting import News
    from napari_sam2.control.session import TrackerSession
    from napari_sam2.control.telling.snapshot import Snapshot
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.seed_mode import SeedMode
    from napari_sam2.core.unfinished_run import UnfinishedRun
    from napari_sam2.state.edit import Edit
    from napari_sam2.state.history import History
    from napari_sam2.state.masks import Place


class Running:
    """Starts and stops runs and takes their frames into the document.

    Parameters
    ----------
    history : History
    dispatcher : Dispatcher
    session : TrackerSession
        Used on the lane only.
    request : callable
        Returns what the tracker is to be made from, now.
    clock : callable
        Returns seconds.
    """

    def __init__(
        self,
        history: History,
        dispatcher: Dispatcher,
        session: TrackerSession,
        request: Callable[[], TrackerRequest],
        clock: Callable[[], float],
    ) -> None:
        self._history = history
        self._document = history.document
        self._dispatcher = dispatcher
        self._session = session
        self._request = request
        self._clock = clock
        self._run: Run | None = None
        self._rest: RunOrder | None = None
        self._done_before: frozenset[Place] = frozenset()
        self._left = LeftRun(self._document, dispatcher, session)
        self._numbers = count(1)
        self._parting = ""

    @property
    def is_running(self) -> bool:
        """Whether a run was started that has neither ended nor been told to."""
        return self._run is not None and not self._run.token.is_cancelled

    @property
    def can_resume(self) -> bool:
        """Whether a run was stopped or failed, so that there is more to do."""
        return self._run is None and self._rest is not None

    def offer(self, seed: SeedMode) -> None:
        """Let a run through all positions go on that an earlier session has stopped."""
        self._rest = order_left(self._document, self._session.recorder.steps, seed)

    def welcome(self, left: UnfinishedRun | None) -> None:
        """Offer the run of an earlier session, if the tracker that is there can."""
        rest = self._left.arrive(left)
        if rest is not None:
            self._rest, self._done_before = rest, self._left.places
            self._parting = self._left.sentence(rest)
            self._dispatcher.board.say(self._parting)
            self.keep_again()  # as somebody may have said something meanwhile

    def keep_again(self) -> None:
        """Keep what was said since a run was stopped, to go on with it elsewhere."""
        rest = self._rest
        if rest is not None and self.can_resume:
            self._left.keep_again(rest, lambda: self._rest is rest and self.can_resume)

    def resume(self) -> None:
        """Go on with the run that was stopped, knowing what was said since."""
        if self.can_resume and self._rest is not None:
            recorder = self._session.recorder
            left = recorder.left
            self.start(self._rest, self._done_before)
            recorder.left = left  # until it has come further

    def start(
        self, order: RunOrder, done_before: frozenset[Place] = frozenset()
    ) -> None:
        """Carry the objects of ``order`` through the stack.

        Nothing happens while another run is going on; one that stops is waited for.

        Raises
        ------
        NoPromptError
            If nothing was said about any of them.
        StackError
            If other axes are to be followed where there are positions.
        """
        if self.is_running:
            return
        self._check_single(order)
        snapshot = take_snapshot(self._document, order.objects)
        here = order.frames if order.seed is None else None
        ids = self._prompted_in(snapshot.said, here)
        if not ids:
            raise NoPromptError(
                "There is nothing to follow yet: click an object, draw a box around "
                f"it, or paint it, on any frame{'' if not snapshot.said else ' here'}."
            )
        order = replace(order, objects=ids)
        self._drop()
        self._run = Run(
            next(self._numbers),
            order,
            outlines(snapshot.said),
            Pace(self._clock()),
            self._history.last,
            places=set(done_before),
        )
        self._dispatcher.board.say("")
        self._send(self._run, snapshot)

    def _check_single(self, order: RunOrder) -> None:
        if order.across and self._document.series_length < self._document.frame_count:
            raise StackError(
                "Objects are followed along several axes in single volumes only, and "
                "this stack has many, one at each position: choose one axis, or use "
                "the command, track --axes z,y,x --fuse --every t."
            )

    def _send(self, run: Run, snapshot: Snapshot) -> None:
        request = self._request()

        def job(token: CancelToken) -> Generator[News | RunStep]:
            return self._session.run(request, snapshot, run.order, token)

        def take(step: RunStep) -> None:
            self._take(run, step)

        self._dispatcher.send(
            Activity.RUNNING,
            job,
            topic=Topic.RUN,
            on_item=take,
            on_end=lambda error: self._end(run, error),
            token=run.token,
        )

    def _prompted_in(
        self, said: Iterable[Place], frames: range | None
    ) -> tuple[int, ...]:
        """Return the objects that are prompted at the position of these frames."""
        here = None if frames is None else self._document.series_of(frames.start)
        found = {i for i, frame in said if here is None or frame in here}
        return tuple(sorted(found))

    def stop(self) -> None:
        """Stop after the frame that is being computed, and keep it."""
        if self._run is not None:
            self._run.stop()
            self._dispatcher.refresh()

    def give_way(self) -> None:
        """Stop likewise, because the user has said something that is to be answered."""
        if self._run is not None:
            self._run.give_way()
            self._dispatcher.refresh()

    def on_travel(self, edit: Edit) -> None:
        """Give a run up when undo or redo is to change masks or prompts."""
        if edit.masks or edit.prompts:
            self._drop_rest()
            if self._run is not None:
                self._run.undo()
                self._dispatcher.refresh()

    @property
    def begun(self) -> str | None:
        """What is done by a run that changed nothing yet, if it is the last thing."""
        # The history decides: the first frames may be found to be as they are already.
        run = self._run
        if run is None or run.state is not Stage.GOING:
            return None
        return run.label if self._history.last is run.after else None

    def take_back(self) -> bool:
        """Give that run up, which is no step of the history so far."""
        run = self._run
        if run is None or self.begun is None:
            return False
        run.take_back()
        self._dispatcher.refresh()
        return True

    def abandon(self, *, because_of: str = "") -> None:
        """Stop, and take nothing more from the run, because of what was changed."""
        self._drop_rest()
        if self._run is not None:
            self._run.abandon(because_of)
            self._dispatcher.refresh()

    def _drop_rest(self) -> None:
        rest = self._rest
        self._drop()
        self._leave(rest)

    def _drop(self) -> None:
        """Have nothing to go on with."""
        self._rest, self._parting = None, ""
        self._left.drop()

    def _leave(self, order: RunOrder | None) -> None:
        """Have nothing kept of a run that nobody can go on with any more."""
        if order is not None and order.across:
            self._dispatcher.send(
                Activity.ANSWERING, lambda _: self._session.leave(), topic=Topic.RUN
            )

    def say_ready(self, model: str) -> None:
        """Say that a model is ready, after what the change to it has ended."""
        parting, self._parting = self._parting, ""
        self._dispatcher.board.say(f"{parting} {model} is ready.".strip())

    def _take(self, run: Run, step: RunStep) -> None:
        if run.is_void:
            return
        if step.found:
            edit = edits.set_results(self._document, step.found, run.told)
            edit = replace(edit, label=run.label)
            self._history.do(edit, gesture=("run", run.number))
            run.places.update((one.object_id, one.frame) for one in step.found)
        if step.left is not None:
            self._left.note(step.left)
        if not (step.found or (run.order.across and run.steps)):
            run.pace = Pace(self._clock())
        elif step.done > run.done:
            run.pace.step(self._clock())
        run.done, run.steps = step.done, step.steps
        frame_count = frames_of(run.order, run.steps, self._document.frame_count)
        unit = "" if run.steps == frame_count else "steps"  # a frame may be several
        label = f"{run.label} {step.where}".strip()
        self._dispatcher.board.show(
            progress=Progress(run.done, run.steps, label, unit),
            frames_per_second=run.pace.per_second,
            seconds_left=run.pace.seconds_for(run.steps - run.done),
        )

    def _end(self, run: Run, error: Exception | None) -> None:
        if self._run is run:
            self._run, self._rest = None, run.rest
            if self._rest is None:
                self._leave(run.order)
            self._done_before = frozenset(run.places)
            self._left.settle(run, is_over=self._rest is None)
            if run.state is Stage.GIVES_WAY:
                self.keep_again()
        board, frame_count = self._dispatcher.board, self._document.frame_count
        if error is not None:
            kept = run.kept_of(frame_count) if run.done else ""
            board.complain(error, Topic.RUN, kept)
        elif not run.is_spoken_of:
            remark = self._left.remark if self._rest is not None else ""
            board.say(f"{run.farewell(frame_count)} {remark}".strip())
            self._parting = board.now.message if run.change else ""
