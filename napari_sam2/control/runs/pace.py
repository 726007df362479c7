"""How fast a run goes, and how long it will take."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_sam2.core.cancel import Progress

_WINDOW = 30
_SECONDS_BETWEEN_MARKS = 0.25
_SECONDS_BEFORE_GUESSING = 0.5


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


class TimeLeft:
    """Tells from progress of any kind, bytes or frames, how long it will take."""

    def __init__(self) -> None:
        self._label: str | None = None
        self._marks: deque[tuple[float, int]] = deque(maxlen=_WINDOW + 1)

    def seconds(self, progress: Progress, now: float) -> float | None:
        """Return the seconds that are left; None when that is unknown.

        Parameters
        ----------
        progress : Progress
            A new label begins anew: checking is not as fast as downloading.
        now : float
            Seconds on any clock.
        """
        if progress.label != self._label:
            self._label = progress.label
            self._marks.clear()
        if not self._marks or now - self._marks[-1][0] >= _SECONDS_BETWEEN_MARKS:
            self._marks.append((now, progress.done))
        began, before = self._marks[0]
        seconds, done = now - began, progress.done - before
        if done <= 0 or seconds < _SECONDS_BEFORE_GUESSING or not progress.total:
            return None
        return (progress.total - progress.done) * seconds / done
