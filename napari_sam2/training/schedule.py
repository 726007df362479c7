"""How fast to learn when: warm up, then fade out over the time that there is."""

from __future__ import annotations

import math

_WARM_STEPS = 50
_LAST = 0.02


def learning_rate(peak: float, step: int, progress: float) -> float:
    """Return the rate of a step.

    Parameters
    ----------
    peak : float
    step : int
        Steps that the optimizer's averages stem from; fresh ones mislead.
    progress : float
        Share of the stage's time that is over, 0 to 1.
    """
    warm = min(1.0, (step + 1) / _WARM_STEPS)
    fade = 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, progress))))
    return peak * warm * (_LAST + (1 - _LAST) * fade)
