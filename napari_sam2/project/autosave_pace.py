"""When work is written: soon, but neither all the time nor while it changes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from napari_sam2.core.writing_pace import rest_after

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS_BETWEEN = 30.0
"""How long changes wait at most, unless writing takes that long."""
QUIET_SECONDS = 3.0


class AutosavePace:
    """Says when changes are to be written, from when they came and what writing cost.

    Parameters
    ----------
    clock : callable
        Returns seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._under_way = 0
        self._next = -inf
        self._oldest: float | None = None
        self._latest = -inf

    @property
    def has_changes(self) -> bool:
        """Whether there are changes that are not taken down yet."""
        return self._oldest is not None

    @property
    def is_due(self) -> bool:
        """Whether there are changes to be taken down now."""
        now = self._clock()
        if self._oldest is None or self._under_way or now < self._next:
            return False
        is_quiet = now - self._latest >= QUIET_SECONDS
        return is_quiet or now - self._oldest >= SECONDS_BETWEEN

    def change(self) -> None:
        """Note a change."""
        self._latest = self._clock()
        if self._oldest is None:
            self._oldest = self._latest

    def forget(self) -> None:
        """Note that no change is left to be taken down."""
        self._oldest = None

    def begin(self) -> None:
        """Note that all changes are taken down, and being written."""
        self.forget()
        self._under_way += 1

    def end(self, seconds: float) -> None:
        """Note that this has ended.

        Parameters
        ----------
        seconds : float
            How long it took, on all threads; infinite if it failed.
        """
        self._under_way -= 1
        rest = min(rest_after(seconds), SECONDS_BETWEEN)
        self._next = self._clock() + rest
