"""Beats: what changes many times a second is shown a few times, all of it together.

Where no graphics card draws the window, any widget that changes has the whole window
composed anew. So those that follow a run wait for the same moments.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakSet

from qtpy.QtCore import QObject, Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

BEAT_MS = 400


class Beat(QObject):
    """Does something soon, and not again before the next beat.

    All that wait for a beat have it at once, so that one painting shows what they did.

    Parameters
    ----------
    act : callable
        What is done; a slot without arguments.
    beat_ms : int, optional
    parent : QObject, optional
        Owns the timer.
    """

    _waiting: ClassVar[WeakSet[Beat]] = WeakSet()

    def __init__(
        self,
        act: Callable[[], object],
        *,
        beat_ms: int = BEAT_MS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._act = act
        self._beat_ms = beat_ms
        self._last = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._come)

    def soon(self) -> None:
        """Do it at once if it was not done since the last beat, or else at the next."""
        if self._timer.isActive():
            return
        here = time.monotonic_ns() // 1_000_000
        number, passed = divmod(here, self._beat_ms)
        if number > self._last:
            self.now()
        else:
            self._timer.start(self._beat_ms - passed)
            self._waiting.add(self)

    def now(self) -> None:
        """Do it now."""
        self.stop()
        self._last = time.monotonic_ns() // 1_000_000 // self._beat_ms
        self._act()

    def stop(self) -> None:
        """Do nothing more that was to be done soon."""
        self._waiting.discard(self)
        self._timer.stop()

    def _come(self) -> None:
        """Do what all wait for; timers of their own would part it by a painting."""
        for one in (self, *(self._waiting - {self})):
            self._waiting.discard(one)
            if not one._is_gone:
                one.now()

    @property
    def _is_gone(self) -> bool:
        """Whether Qt has deleted it, as windows do with what is theirs."""
        try:
            self._timer.isActive()
        except RuntimeError:
            return True
        return False
