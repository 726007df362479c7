"""Computed tomography: stacks in Hounsfield units, and the range to look at them in.

On that scale air is -1000 and water 0. Metal and bone reach into the thousands, while
organs differ by some tens: between the darkest and the brightest voxel they are one
grey. Readers therefore look through a window (DICOM PS3.3, C.11.2.1.2: its centre and
width); 400 units around 40 are usual for soft tissue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

SOFT_TISSUE = (-160.0, 240.0)
"""Hounsfield units shown as black and as white."""

_AIR = (-1100.0, -900.0)
_BETWEEN = (-700.0, -300.0)  # denser than lung, thinner than fat
_TISSUE = (-200.0, 300.0)  # fat, organs, blood with contrast medium
_LEAST_AIR = 0.01  # shares of what is not darker than air
_LEAST_TISSUE = 0.05
_WIDE = 600.0  # beyond it lies nothing but bone and metal
_PADDING = -3100.0  # about the least that scanners write outside of their circle


def is_hounsfield(values: npt.NDArray[np.floating[Any]]) -> bool:
    """Tell whether intensities are those of computed tomography.

    They are if there is air and soft tissue, and much less in between: a body has skin.
    What has no air around or in it is not recognised.

    Parameters
    ----------
    values : ndarray, shape (N,)
        Finite intensities from all over the stack.
    """
    inside = values[values >= _AIR[0]]  # and not outside of the scanner's circle
    if not inside.size:
        return False
    air, tissue = _share(inside, _AIR), _share(inside, _TISSUE)
    if air < _LEAST_AIR or tissue < _LEAST_TISSUE:
        return False
    valley = _density(inside, _BETWEEN)
    return 2 * valley < min(_density(inside, _AIR), _density(inside, _TISSUE))


def hides_organs(low: float, high: float) -> bool:
    """Tell whether a range may be all of CT, in which organs are one grey."""
    return _PADDING <= low <= _AIR[1] and high >= _WIDE


def _share(values: npt.NDArray[np.floating[Any]], span: tuple[float, float]) -> float:
    return float(np.mean((values >= span[0]) & (values <= span[1])))


def _density(values: npt.NDArray[np.floating[Any]], span: tuple[float, float]) -> float:
    return _share(values, span) / (span[1] - span[0])
