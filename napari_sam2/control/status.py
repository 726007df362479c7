"""What is going on, as one value that a dock can show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_sam2.core.errors import Sam2Error

if TYPE_CHECKING:
    from napari_sam2.core.cancel import Progress


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


@dataclass(frozen=True, slots=True)
class Status:
    """What is going on.

    Attributes
    ----------
    activity : Activity
    progress : Progress or None
        How far loading or a run has come; its ``total`` is 0 when that is unknown.
    frames_per_second, seconds_left : float or None
        Of a run, once a frame was computed.
    message : str
        A sentence for the user: what was done last, or what went wrong.
    problem : Exception or None
        What went wrong last; None after the next thing that goes well. A ``Sam2Error``
        is explained by its message; anything else is a bug and has a traceback.
    """

    activity: Activity = Activity.IDLE
    progress: Progress | None = None
    frames_per_second: float | None = None
    seconds_left: float | None = None
    message: str = ""
    problem: Exception | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something can be stopped."""
        return self.activity not in (Activity.IDLE, Activity.ANSWERING)


class StatusBoard:
    """Holds the status and tells of every change."""

    changed = Signal(Status)

    def __init__(self) -> None:
        self.now = Status()

    def show(self, **changes: Any) -> None:
        """Change some fields of the status."""
        self._set(replace(self.now, **changes))

    def rest(self) -> None:
        """Show that nothing has a progress; the message stays to be read."""
        self.show(progress=None, frames_per_second=None, seconds_left=None)

    def say(self, message: str) -> None:
        """Show a sentence about something that went well."""
        self.show(message=message, problem=None)

    def forgive(self) -> None:
        """Take a problem off the board, now that the next thing went well."""
        if self.now.problem is not None:
            self.say("")

    def complain(self, problem: Exception, addition: str = "") -> None:
        """Show what went wrong."""
        text = str(problem)
        if not isinstance(problem, Sam2Error):
            text = (
                f"Something unexpected went wrong ({type(problem).__name__}: {text})."
            )
        self.show(message=f"{text} {addition}".strip(), problem=problem)

    def _set(self, status: Status) -> None:
        if status != self.now:
            self.now = status
            self.changed.emit(status)
