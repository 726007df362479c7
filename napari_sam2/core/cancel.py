"""Stopping long work between two steps, and saying how far it has come."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from napari_sam2.core.given import check_given


class Stopped(Exception):
    """Work was stopped within a step, and has nothing to show for it."""


class CancelToken:
    """A flag that one thread sets and another checks between two frames."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next step; safe to call more than once."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Leave work within a step that is long.

        Raises
        ------
        Stopped
            If :meth:`cancel` was called.
        """
        if self.is_cancelled:
            raise Stopped


def check_token(token: CancelToken | None) -> None:
    """Raise Sam2Error if something else was given as a token."""
    check_given(token, CancelToken | None, "token", "give a CancelToken()")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work has come.

    Attributes
    ----------
    done, total : int
        Steps finished and steps in all (frames, bytes, files).
    label : str
        What is being done, for people.
    unit : str
        What the steps are, where that may be taken for something else.
    """

    done: int
    total: int
    label: str = ""
    unit: str = ""
