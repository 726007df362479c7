"""Beats: what changes many times a second is shown a few times, all of it together.

Where no graphics card draws the window, any widget that changes has the whole window
composed anew. So those that follow a run wait for the same moments.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

BEAT_MS = 400


class Beat(QObject):
    """Does something soon, and not again before the next beat.

    Beats of the same length come at the same times, whoever waits for them.

    Parameters
    ----------
    act : callable
        What is done; a slot without arguments.
    beat_ms : int, optional
    parent : QObject, optional
        Owns the timer.
    """

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
        self._timer.timeout.connect(self.now)

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

    def now(self) -> None:
        """Do it now."""
        self._timer.stop()
        self._last = time.monotonic_ns() // 1_000_000 // self._beat_ms
        self._act()

    def stop(self) -> None:
        """Do nothing more that was to be done soon."""
        self._timer.stop()
