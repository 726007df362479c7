"""A time-lapse of small volumes in a file, and words to track it."""

from __future__ import annotations

import numpy as np

from tests.conftest import discs

FIRST = ("--point", "1:0,16,14")
SHAPE = (3, 3, 48, 56)
PLAIN = ("--axis", "z", "--every", "t")


def drifting() -> tuple[np.ndarray, np.ndarray]:
    """Return (T, Z, Y, X) pixels and labels: two discs that drift over time."""
    images, labels = zip(*(discs(3, SHAPE[2:]) for _ in range(3)), strict=True)
    moved = [np.roll(one, 2 * t, axis=1) for t, one in enumerate(images)]
    true = [np.roll(one, 2 * t, axis=1) for t, one in enumerate(labels)]
    return np.stack(moved), np.stack(true)
