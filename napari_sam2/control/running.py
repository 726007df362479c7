"""Runs: carrying objects through the stack, one at a time, each one undo step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

from napari_sam2.control.orders import RunStep
from napari_sam2.control.pace import Pace
from napari_sam2.control.snapshot import outlines, take_snapshot
from napari_sam2.control.status import Activity
from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.core.errors import NoPromptError
from napari_sam2.state import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from napari_sam2.control.dispatch import Dispatcher
    from napari_sam2.control.orders import RunOrder
    from napari_sam2.control.ports import TrackerRequest
    from napari_sam2.control.requesting import News
    from napari_sam2.control.session import TrackerSession
    from napari_sam2.control.snapshot import Snapshot
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.edit import Edit
    from napari_sam2.state.history import History
    from napari_sam2.state.masks import Place


@dataclass(slots=True, eq=False)
class _Run:
    """A run that was asked for and has not ended.

    ``places`` are those that were computed, also before the run was continued: going
    both ways, a frame may be several of the ``steps``. ``is_void`` says that what still
    comes must not be taken: the run was undone, or the tracker is another one by now.
    ``is_taken_back`` says that this was before it gave a mask, while ``after`` was the
    last step of the history, ``is_undone`` that undo or redo went over it, and said so.
    """

    number: int
    order: RunOrder
    told: dict[Place, FramePrompts]
    pace: Pace
    after: object
    token: CancelToken = field(default_factory=CancelToken)
    steps: int = 0
    done: int = 0
    places: set[Place] = field(default_factory=set)
    has_found: bool = False
    is_void: bool = False
    is_taken_back: bool = False
    is_undone: bool = False
    gives_way: bool = False

    @property
    def label(self) -> str:
        return _label(len(self.order.objects))

    @property
    def frames_done(self) -> int:
        """How many frames were computed, each counted once."""
        return len({frame for _, frame in self.places})

    @property
    def outcome(self) -> str:
        """What was found, of the objects that had to be computed."""
        label = _label(len({object_id for object_id, _ in self.places}))
        count = self.frames_done
        return f"{label}: {count} {'frame is' if count == 1 else 'frames are'} done."

    @property
    def rest(self) -> RunOrder | None:
        """What is left to do, if anything and if it still makes sense."""
        if self.is_taken_back and self.order.resumes is not None:
            return self.order
        if self.is_void or self.done >= self.steps:
            return None
        return replace(self.order, resumes=RunStep(self.done, self.steps))


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
        self._run: _Run | None = None
        self._rest: RunOrder | None = None
        self._done_before: frozenset[Place] = frozenset()
        self._numbers = count(1)

    @property
    def is_running(self) -> bool:
        """Whether a run was started that has neither ended nor been told to."""
        return self._run is not None and not self._run.token.is_cancelled

    @property
    def can_resume(self) -> bool:
        """Whether a run was stopped or failed, so that there is more to do."""
        return self._run is None and self._rest is not None

    def offer(self, rest: RunOrder | None) -> None:
        """Let a run be gone on with that was stopped in an earlier session."""
        self._rest = rest

    def resume(self) -> None:
        """Go on with the run that was stopped, knowing what was said since."""
        if self.can_resume and self._rest is not None:
            self.start(self._rest, self._done_before)

    def start(
        self, order: RunOrder, done_before: frozenset[Place] = frozenset()
    ) -> None:
        """Carry the objects of ``order`` through the stack.

        Nothing happens while another run is going on; one that stops is waited for.

        Raises
        ------
        NoPromptError
            If nothing was said about any of them.
        """
        if self.is_running:
            return
        snapshot = take_snapshot(self._document, order.objects)
        here = order.frames if order.seed is None else None
        ids = self._prompted_in(snapshot.said, here)
        if not ids:
            raise NoPromptError(
                "There is nothing to follow yet: click an object, draw a box around "
                f"it, or paint it, on any frame{'' if not snapshot.said else ' here'}."
            )
        order = replace(order, objects=ids)
        self._rest = None
        self._run = _Run(
            next(self._numbers),
            order,
            outlines(snapshot.said),
            Pace(self._clock()),
            self._history.last,
            places=set(done_before),
        )
        self._dispatcher.board.say("")
        self._send(self._run, snapshot)

    def _send(self, run: _Run, snapshot: Snapshot) -> None:
        request = self._request()

        def job(token: CancelToken) -> Generator[News | RunStep]:
            return self._session.run(request, snapshot, run.order, token)

        def take(step: RunStep) -> None:
            self._take(run, step)

        self._dispatcher.send(
            Activity.RUNNING,
            job,
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
            self._run.token.cancel()
            self._dispatcher.refresh()

    def give_way(self) -> None:
        """Stop likewise, because the user has said something that is to be answered."""
        if self._run is not None:
            self._run.gives_way = True
            self.stop()

    def on_travel(self, edit: Edit) -> None:
        """Give a run up when undo or redo is to change masks or prompts."""
        if edit.masks or edit.prompts:
            self.abandon()
            if self._run is not None:
                self._run.is_undone = True

    @property
    def begun(self) -> str | None:
        """What is done by a run that has found nothing yet, if it is the last thing."""
        run = self._run
        if run is None or not self.is_running or run.has_found:
            return None
        return run.label if self._history.last is run.after else None

    def take_back(self) -> bool:
        """Give that run up, which is no step of the history so far."""
        run = self._run
        if run is None or self.begun is None:
            return False
        run.is_void = run.is_taken_back = run.is_undone = True
        self.stop()
        return True

    def abandon(self) -> None:
        """Stop, and take nothing more from the run."""
        self._rest = None
        if self._run is not None:
            self._run.is_void, self._run.is_taken_back = True, False
            self.stop()

    def _take(self, run: _Run, step: RunStep) -> None:
        if run.is_void:
            return
        if not step.found:
            run.pace = Pace(self._clock())
        else:
            edit = edits.set_results(self._document, step.found, run.told)
            edit = replace(edit, label=run.label)
            self._history.do(edit, gesture=("run", run.number))
            run.has_found = True
            run.places |= {(one.object_id, one.frame) for one in step.found}
            run.pace.step(self._clock())
        run.done, run.steps = step.done, step.steps
        self._dispatcher.board.show(
            progress=Progress(run.done, run.steps, _at(run.label, step.where)),
            frames_per_second=run.pace.per_second,
            seconds_left=run.pace.seconds_for(run.steps - run.done),
        )

    def _end(self, run: _Run, error: Exception | None) -> None:
        if self._run is run:
            self._run, self._rest = None, run.rest
            self._done_before = frozenset(run.places)
        board = self._dispatcher.board
        if error is not None:
            board.complain(error, self._kept(run) if run.done else "")
        elif run.is_undone:
            return  # what was undone has been said
        elif run.is_void or not run.done:
            board.say("The run was stopped.")
        elif run.done < run.steps:
            board.say(_stopped(run, self._kept(run)))
        else:
            board.say(run.outcome)

    def _kept(self, run: _Run) -> str:
        frames = run.order.frames if run.order.seed is None else None
        total = self._document.frame_count if frames is None else len(frames)
        total = min(total, run.steps)
        return f"{run.frames_done} of {total} frames are done, and are kept."


def _label(count: int) -> str:
    return "Track 1 object" if count == 1 else f"Track {count} objects"


def _at(label: str, where: str) -> str:
    return f"{label} at {where}" if where else label


def _stopped(run: _Run, kept: str) -> str:
    """Say how far a run came, and how to go on."""
    if run.gives_way:
        return (
            f"Stopped for your correction: {kept} Correct as much as you like; "
            "then Continue computes the rest, and Propagate all of it anew."
        )
    return f"Stopped: {kept} Continue goes on with the rest."
