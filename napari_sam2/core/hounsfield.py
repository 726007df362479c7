"""Computed tomography: stacks in Hounsfield units, and the range to look at them in.

On that scale air is -1000 and water 0. Metal and bone reach into the thousands, while
organs differ by some tens: between the darkest and the brightest voxel they are one
grey. Readers therefore look through a window, for soft tissue of a width of 400 units
around 40 (W. D. Bidgood et al., DICOM PS3.3, C.11.2: window centre and width).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

SOFT_TISSUE = (-160.0, 240.0)
"""Hounsfield units shown as black and as white."""

_AIR = (-1100.0, -900.0)
_TISSUE = (-200.0, 300.0)  # fat, organs, blood with contrast medium
_LEAST = -3100.0  # what scanners write outside of their circle
_MOST = 32767.0
_WIDE = 600.0  # beyond it lies nothing but bone and metal
_LEAST_AIR = 0.01  # shares of the pixels
_LEAST_TISSUE = 0.05
_LEAST_KNOWN = 0.5  # in air and tissue together


def is_hounsfield(values: npt.NDArray[np.floating[Any]]) -> bool:
    """Tell whether intensities are those of computed tomography.

    They are if there is air and soft tissue, and not much else but lung and bone; what
    has no air around or in it is not recognised.

    Parameters
    ----------
    values : ndarray, shape (N,)
        Finite intensities from all over the stack.
    """
    if not values.size or values.min() < _LEAST or values.max() > _MOST:
        return False
    air = _share(values, _AIR)
    tissue = _share(values, _TISSUE)
    outside = float(np.mean(values < _AIR[0]))
    known = air + tissue + outside
    return air >= _LEAST_AIR and tissue >= _LEAST_TISSUE and known >= _LEAST_KNOWN


def hides_organs(low: float, high: float) -> bool:
    """Tell whether a range to look in is all of CT, in which organs are one grey."""
    return _LEAST <= low <= _AIR[1] and _WIDE <= high <= _MOST


def _share(values: npt.NDArray[np.floating[Any]], span: tuple[float, float]) -> float:
    return float(np.mean((values >= span[0]) & (values <= span[1])))
