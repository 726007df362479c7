"""Means over frames and objects, and the statistics of the DAVIS toolkit."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_QUARTERS = 4


def mean(values: Iterable[float]) -> float:
    """Return the mean of the numbers among some values; NaN when there are none."""
    numbers = [value for value in values if not math.isnan(value)]
    return statistics.fmean(numbers) if numbers else math.nan


def recall(values: Sequence[float]) -> float:
    """Return the share of values above a half."""
    return mean(float(value > 0.5) for value in values)


def decay(values: Sequence[float]) -> float:
    """Return the mean of the first quarter of values less that of the last.

    As in the DAVIS toolkit, neighbouring quarters share a value at their border.
    """
    if not values:
        return math.nan
    borders = np.linspace(1, len(values), _QUARTERS + 1)
    first, *_, last, end = (int(np.round(b + 1e-10)) - 1 for b in borders)
    second = int(np.round(borders[1] + 1e-10)) - 1
    return mean(values[first : second + 1]) - mean(values[last : end + 1])
