"""What is going on, as one value that a dock can show."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_sam2.core.errors import Sam2Error
from napari_sam2.core.memory import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.core.cancel import Progress
    from napari_sam2.core.quality import Quality


class Activity(Enum):
    """What the lane is busy with."""

    IDLE = "idle"
    LOADING = "loading"
    """A model is being loaded, or labels are being read."""
    ANSWERING = "answering"
    """A click is being answered; there is no need to show it."""
    RUNNING = "running"
    STOPPING = "stopping"
    """A run was told to stop and finishes its frame."""


class Topic(Enum):
    """What the user asks for; what goes wrong belongs to one of them."""

    PROMPTS = "prompts"
    OBJECTS = "objects"
    """Names, verdicts: what is changed without asking the model."""
    RUN = "run"
    LABELS = "labels"
    MEASURING = "measuring"
    EXPORT = "export"
    TUNING = "tuning"
    MODEL = "model"
    DOWNLOAD = "download"
    OPENING = "opening"
    """Of a project, or of a sample."""
    SAVING = "saving"
    """Of a project."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is going on.

    Attributes
    ----------
    activity : Activity
    progress : Progress or None
        How far loading or a run has come; its ``total`` is 0 when that is unknown.
    frames_per_second : float or None
        Of a run, once a frame was computed.
    seconds_left : float or None
        Of anything that knows how much there is to do, once it has got going.
    message : str
        A sentence for the user: what was done last, or what went wrong.
    problem : Exception or None
        What went wrong last; None after the next thing that goes well. What
        :func:`is_foreseen` is explained by the message; anything else is a bug.
    topic : Topic or None
        What the problem belongs to. Without a problem, what was just asked for, so that
        what went wrong with it before is out of date.
    quality : Quality or None
        What the quality in the settings comes to; None until a model was opened.
    """

    activity: Activity = Activity.IDLE
    progress: Progress | None = None
    frames_per_second: float | None = None
    seconds_left: float | None = None
    message: str = ""
    problem: Exception | None = None
    topic: Topic | None = None
    quality: Quality | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something can be stopped."""
        return self.activity not in (Activity.IDLE, Activity.ANSWERING)


def is_foreseen(problem: Exception) -> bool:
    """Whether a problem is explained by a sentence, so that nobody needs a traceback.

    It is when it was raised on purpose, or when memory ran out.
    """
    return isinstance(problem, Sam2Error) or is_out_of_memory(problem)


def explain(problem: Exception) -> str:
    """Say what went wrong and what to do, to the person at the microscope."""
    if isinstance(problem, Sam2Error):
        return str(problem)
    if is_out_of_memory(problem):
        return (
            "The computer ran out of memory. Close other programs, choose a smaller "
            f"model, or give the model less memory in the settings ({problem})."
        )
    what = str(problem) or "no message"
    if isinstance(problem, OSError):
        return (
            f"A file could not be read or written: {what}. Check that it is still "
            "there, and that its disk is not full."
        )
    return (
        f"Something unexpected went wrong ({type(problem).__name__}: {what}). Try "
        "again; if it comes back, report it with the details."
    )


class StatusBoard:
    """Holds the status and tells of every change."""

    changed = Signal(Status)

    def __init__(self) -> None:
        self.now = Status()
        self._unread = ""

    def show(self, **changes: Any) -> None:
        """Change some fields of the status."""
        self._set(replace(self.now, **changes))
        if not self.now.is_busy:
            self._unread = ""

    def rest(self) -> None:
        """Show that nothing has a progress; the message stays to be read."""
        self.show(progress=None, frames_per_second=None, seconds_left=None)

    def say(self, message: str, *, is_to_be_read: bool = False) -> None:
        """Show a sentence about something that went well.

        Parameters
        ----------
        message : str
        is_to_be_read : bool, optional
            Whether it is said again with what comes of work that goes on at once, and
            hides it.
        """
        if message and self._unread and not message.startswith(self._unread):
            message = f"{self._unread}\n{message}"
        if is_to_be_read:
            self._unread = message
        self.show(message=message, problem=None, topic=None)

    def begin(self, topic: Topic) -> None:
        """Note that something is asked for, perhaps again after it had failed."""
        said = self.now.message if self.now.problem is None else ""
        self.show(message=said, problem=None, topic=topic)

    def forgive(self) -> None:
        """Take a problem off the board, now that the next thing went well."""
        if self.now.problem is not None:
            self.say("")

    @contextmanager
    def attempt(self, topic: Topic) -> Iterator[None]:
        """Do what the user asks for, or say why it cannot be done."""
        self.begin(topic)
        try:
            yield
        except Sam2Error as problem:
            self.complain(problem, topic)

    def complain(
        self, problem: Exception, topic: Topic | None, addition: str = ""
    ) -> None:
        """Show what went wrong, and with what; None where nobody asked for it."""
        self._unread = ""
        sentence = f"{explain(problem)} {addition}".strip()
        self.show(message=sentence, problem=problem, topic=topic)

    def _set(self, status: Status) -> None:
        if status != self.now:
            self.now = status
            self.changed.emit(status)
