"""How much of the time goes into writing work down while it goes on."""

from __future__ import annotations

_LARGEST_SHARE = 0.02


def rest_after(seconds: float) -> float:
    """Return how long nothing should be written after a writing that took so long.

    Parameters
    ----------
    seconds : float
        On all threads.
    """
    return seconds / _LARGEST_SHARE
