"""How long events of a window wait, and how long its thread computes at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

_TICK_MS = 5


@dataclass
class Delays:
    """What was measured while something went on.

    ``waits`` are those of events, in ms. ``calls`` are stretches without a look at
    events, in ms of the thread's own computing, which other work on the machine does
    not change; but a wait for another thread of Python does not show.
    """

    waits: np.ndarray
    calls: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        shares = (50, 95, 99, 100)
        within = ", ".join(f"{np.percentile(self.waits, s):.0f}" for s in shares)
        return (
            f"50, 95, 99, 100 % of events within {within} ms; "
            f"longest computing {max(self.calls):.0f} ms"
        )


def measure(begin: Callable[[], object], is_going_on: Callable[[], bool]) -> Delays:
    """Begin something, and measure until it is over."""
    ticks: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(_TICK_MS)
    ticks.append(time.perf_counter())
    began = time.thread_time()
    begin()
    calls = [1000 * (time.thread_time() - began)]
    while is_going_on():
        began = time.thread_time()
        QApplication.processEvents()
        calls.append(1000 * (time.thread_time() - began))
        time.sleep(0.001)
    ticks.append(time.perf_counter())
    return Delays(np.maximum(0, 1000 * np.diff(ticks) - _TICK_MS), calls)


def spin(is_going_on: Callable[[], bool]) -> None:
    """Let the window live until something is over."""
    while is_going_on():
        QApplication.processEvents()
        time.sleep(0.001)
