"""How fast a run goes, and how long it will take."""

from __future__ import annotations

from collections import deque

_WINDOW = 30


class Pace:
    """Measures steps per second over the last thirty steps.

    Parameters
    ----------
    start : float
        When the first step began, in seconds on any clock.
    """

    def __init__(self, start: float) -> None:
        self._times = deque([start], maxlen=_WINDOW + 1)

    def step(self, now: float) -> None:
        """Note that a step was finished."""
        self._times.append(now)

    @property
    def per_second(self) -> float | None:
        """Steps per second; None before the clock has moved."""
        seconds = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / seconds if seconds > 0 else None

    def seconds_for(self, steps: int) -> float | None:
        """Return how long so many more steps will take; None when unknown."""
        rate = self.per_second
        return None if rate is None else steps / rate
