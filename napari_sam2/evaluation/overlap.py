"""How much two masks overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def jaccard(found: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    """Return J, intersection over union; 1 when both masks are empty.

    Parameters
    ----------
    found, truth : ndarray of bool, same shape
    """
    union = np.count_nonzero(found | truth)
    return float(np.count_nonzero(found & truth) / union) if union else 1.0


def dice(found: npt.NDArray[Any], truth: npt.NDArray[Any]) -> float:
    """Return Dice, twice the intersection over the sum of areas; 1 when both are empty.

    Parameters
    ----------
    found, truth : ndarray of bool, same shape
    """
    both = np.count_nonzero(found) + np.count_nonzero(truth)
    return float(2 * np.count_nonzero(found & truth) / both) if both else 1.0
