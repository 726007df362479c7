"""Small holes filled and small specks removed, the same on every device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def clean(
    mask: npt.NDArray[np.bool_], *, hole_area: float, island_area: float
) -> npt.NDArray[np.bool_]:
    """Return a mask without small holes and specks; the same one if it has none.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
    hole_area : float
        Background that is enclosed by the mask and has at most this many pixels is
        filled; 0 fills nothing.
    island_area : float
        Parts of the mask with fewer pixels than this are removed, except the largest;
        0 removes nothing.
    """
    if mask.size == 0:
        return mask
    if island_area > 0:
        mask = _without_islands(mask, island_area)
    if hole_area > 0:
        mask = _without_holes(mask, hole_area)
    return mask


def _without_islands(mask: npt.NDArray[np.bool_], area: float) -> npt.NDArray[np.bool_]:
    from scipy import ndimage

    parts, count = ndimage.label(mask, np.ones((3, 3)))
    if count <= 1:
        return mask
    areas = np.bincount(parts.ravel(), minlength=count + 1)
    areas[0] = 0
    keep = areas >= area
    keep[areas.argmax()] = True
    if keep[1:].all():
        return mask
    keep[0] = False
    kept: npt.NDArray[np.bool_] = keep[parts]
    return kept


def _without_holes(mask: npt.NDArray[np.bool_], area: float) -> npt.NDArray[np.bool_]:
    from scipy import ndimage

    parts, count = ndimage.label(~mask)
    edges = np.concatenate((parts[0], parts[-1], parts[:, 0], parts[:, -1]))
    is_open = np.zeros(count + 1, bool)
    is_open[edges] = True  # to the outside
    if is_open[1:].all():
        return mask
    fill = np.bincount(parts.ravel(), minlength=count + 1) <= area
    fill[is_open] = False
    fill[0] = False
    return mask | fill[parts] if fill.any() else mask
