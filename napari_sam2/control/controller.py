"""From what the user wants to what the document shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from napari_sam2.control.dispatch import Dispatcher
from napari_sam2.control.importing import Importing
from napari_sam2.control.orders import RunOrder
from napari_sam2.control.other_work import OtherWork
from napari_sam2.control.prompting import Prompting
from napari_sam2.control.requesting import (
    asked_for,
    choices,
    comes_to_the_same_quality,
    make_request,
    what_differs,
)
from napari_sam2.control.runs.dividing import Dividing
from napari_sam2.control.runs.merging import Merging
from napari_sam2.control.runs.running import Running
from napari_sam2.control.runs.travelling import Travelling
from napari_sam2.control.session import TrackerSession
from napari_sam2.control.status import Activity, Status, StatusBoard, Topic
from napari_sam2.state import edits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from psygnal import SignalInstance

    from napari_sam2.control.importing import LabelOrder
    from napari_sam2.control.ports import Lane, TrackerFactory
    from napari_sam2.control.requesting import Opened
    from napari_sam2.control.telling.recording import Recorder
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.recipe import OtherAxis
    from napari_sam2.state.history import History
    from napari_sam2.state.masks import Place
    from napari_sam2.state.settings import Direction, Settings


class Controller:
    """Answers prompts and carries objects through one stack.

    Prompts need no call: it listens to the document, stops a run when the user says
    something, and has the new prompts answered. None of its methods raises for what a
    user does; the status tells what went wrong, and always returns to idle.

    Parameters
    ----------
    history : History
        Of the document that is to be kept up to date.
    settings : Settings
        A change of the model, say, has a new tracker made when it is needed.
    frames : FrameSource
        The stack, of as many frames and pixels as the document.
    lane : Lane
        Where torch and files are used.
    make_tracker : TrackerFactory
        Called on the lane.
    limits : IntensityLimits, optional
        What is shown as black and white; estimated from the stack by default.
    recorder : Recorder, optional
        Takes down what the tracker is told, for projects.
    clock : callable, optional
        Returns seconds, for the speed of runs.

    Raises
    ------
    StackError
        If the frames do not fit the document.
    """

    def __init__(
        self,
        history: History,
        settings: Settings,
        frames: FrameSource,
        *,
        lane: Lane,
        make_tracker: TrackerFactory,
        limits: IntensityLimits | None = None,
        recorder: Recorder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.history = history
        self.document = history.document
        self.settings = settings
        self._board = StatusBoard()
        self._dispatcher = Dispatcher(lane, self._board, on_opened=self._on_opened)
        self._session = TrackerSession(make_tracker, recorder)
        self._request = make_request(self.document, settings, frames, limits)
        parts = self._dispatcher, self._session, lambda: self._request
        self._prompting = Prompting(self.document, *parts)
        self._running = Running(history, *parts, clock)
        self.steps = Travelling(history, self._running, self._board)
        self.merging = Merging(history, self._running, self._board)
        self.dividing = Dividing(history, self._running, self._board)
        self._importing = Importing(history, self._dispatcher)
        self.other_work = OtherWork(self._dispatcher)
        self._running.offer(settings.seed)
        for signal, slot in self._listening():
            signal.connect(slot)

    @property
    def status(self) -> Status:
        """What is going on."""
        return self._board.now

    @property
    def status_changed(self) -> SignalInstance:
        """Signal that carries every new :class:`Status`."""
        return self._board.changed

    @property
    def recorder(self) -> Recorder:
        """Takes down what the tracker is told."""
        return self._session.recorder

    @property
    def frames(self) -> FrameSource:
        """The stack that the tracker sees."""
        return self._request.frames

    def prepare(self) -> None:
        """Load the model in the background, so that the first click is quick."""
        request = self._request
        self._board.begin(Topic.MODEL)
        self._dispatcher.send(
            Activity.LOADING,
            lambda token: self._session.prepare(request, token),
            topic=Topic.MODEL,
            on_item=lambda _: self._running.say_ready(request.model),
            key="prepare",
        )

    def run(
        self,
        *,
        objects: Sequence[int] | None = None,
        direction: Direction | None = None,
        frames: range | None = None,
        everywhere: bool = False,
        across: Sequence[OtherAxis] = (),
    ) -> None:
        """Carry objects through the stack; nothing happens while a run is going on.

        Parameters
        ----------
        objects, direction, frames : sequence of int, str and range, optional
            As the settings say.
        everywhere : bool, optional
            At every position of the stack; ``frames`` are those at each.
        across : sequence of OtherAxis, optional
            Axes of the volume to follow the objects along besides, and to fuse.
        """
        chosen = asked_for(self.document, self.settings) if objects is None else objects
        order = RunOrder(
            tuple(chosen),
            direction or self.settings.direction,
            self.settings.run_frames if frames is None else frames,
            seed=self.settings.seed if everywhere else None,
            across=tuple(across),
        )
        with self.attempt(Topic.RUN):
            self._running.start(order)

    @property
    def can_resume(self) -> bool:
        """Whether there is a run that was stopped, or that failed, to go on with."""
        return self._running.can_resume

    def resume(self) -> None:
        """Go on with the run that was stopped; what was said since is honoured."""
        with self.attempt(Topic.RUN):
            self._running.resume()

    def stop(self, *, but: Topic | None = None) -> None:
        """Stop what can be stopped after its current step; finished frames stay."""
        self._dispatcher.stop(but=but)

    def clear_masks(self) -> None:
        """Forget all masks, as one step of undo; a run is given up."""
        self._running.abandon()
        if len(self.document.masks):
            self.history.do(edits.clear_masks(self.document))

    def take_labels(
        self, order: LabelOrder, on_taken: Callable[[], None] = lambda: None
    ) -> None:
        """Make objects and prompts of labels, as one undo step; tell when they are."""
        self._importing.start(order, on_taken)

    def set_frames(
        self, frames: FrameSource, limits: IntensityLimits | None = None
    ) -> None:
        """Show the tracker other channels, or another range of intensities.

        Prompts are answered anew, if at once; masks of runs stay until the next run.

        Raises
        ------
        StackError
            If the frames do not fit the document. Another image, or another axis, needs
            another document and controller.
        """
        self._renew(frames, limits)
        self.document.apply(edits.expect_answers(self.document))
        self._on_live_changed(self.settings.live_answers)

    def report(self, problem: Exception, topic: Topic | None = None) -> None:
        """Show the user what went wrong elsewhere: a click that was refused, say."""
        self._board.complain(problem, topic)

    def say(self, sentence: str, *, is_to_be_read: bool = False) -> None:
        """Show the user what came of something done elsewhere.

        Parameters
        ----------
        sentence : str
        is_to_be_read : bool, optional
            See :meth:`napari_sam2.control.status.StatusBoard.say`.
        """
        self._board.say(sentence, is_to_be_read=is_to_be_read)

    def attempt(self, topic: Topic) -> AbstractContextManager[None]:
        """Do what the user asks for, or say why it cannot be done."""
        return self._board.attempt(topic)

    def close(self) -> None:
        """Stop everything and listen to nothing; the lane is its owner's to close."""
        self._dispatcher.close()
        for signal, slot in self._listening():
            signal.disconnect(slot)

    def _listening(self) -> Iterator[tuple[SignalInstance, Callable[..., object]]]:
        """Yield what it listens to, and what it does then."""
        yield self.document.prompts_changed, self._on_prompts_changed
        yield self.history.travelling, self._running.on_travel
        yield self.history.changed, self._running.keep_again
        yield self.settings.events.live_answers, self._on_live_changed
        for choice in choices(self.settings):
            yield choice, self._on_choice_changed

    def _on_opened(self, opened: Opened) -> None:
        self._running.welcome(opened.left)
        if comes_to_the_same_quality(opened.request, self._request):
            self._board.show(quality=opened.quality)

    def _on_prompts_changed(self, places: frozenset[Place]) -> None:
        self._board.begin(Topic.PROMPTS)  # what was wrong was wrong with those before
        self._running.give_way()
        if self.settings.live_answers:
            self._prompting.answer(places)

    def _on_live_changed(self, is_on: bool) -> None:
        if is_on:
            self._prompting.answer(self.document.prompts)

    def _on_choice_changed(self) -> None:
        self._renew(self.frames, self._request.limits)

    def _renew(self, frames: FrameSource, limits: IntensityLimits | None) -> None:
        """Have another tracker made when one is needed next."""
        request = make_request(self.document, self.settings, frames, limits)
        if not comes_to_the_same_quality(request, self._request):
            self._board.show(quality=None)
        self._running.abandon(because_of=what_differs(self._request, request))
        self._request = request
        self._dispatcher.tidy(lambda _: self._session.give_up(request))
        self._prompting.ask_again()
