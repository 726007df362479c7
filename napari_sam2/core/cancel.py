"""Stopping long work between two steps, and saying how far it has come."""

from __future__ import annotations

import threading
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work has come.

    Attributes
    ----------
    done, total : int
        Steps finished and steps in all (frames, bytes, files).
    label : str
        What is being done, for people.
    """

    done: int
    total: int
    label: str = ""
