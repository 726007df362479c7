"""How far the surfaces of two volumes are from each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def hausdorff95(
    found: npt.NDArray[np.bool_],
    truth: npt.NDArray[np.bool_],
    spacing: tuple[float, ...],
) -> float:
    """Return the 95 % Hausdorff distance of two volumes.

    The distance from each surface voxel of one volume to the nearest of the other; the
    95th percentile of these, both ways; the larger of the two. Surface voxels are those
    with one of their six neighbours outside; beyond the array is outside.

    Parameters
    ----------
    found, truth : ndarray of bool, same shape
    spacing : tuple of float
        Distance between neighbours along each axis.

    Returns
    -------
    float
        In the unit of ``spacing``; 0 when both volumes are empty, NaN when one is.
    """
    if not found.any() or not truth.any():
        return 0.0 if found.any() == truth.any() else math.nan
    part = _joint_box(found | truth)
    ours, theirs = surface(found[part]), surface(truth[part])
    return max(_percentile(ours, theirs, spacing), _percentile(theirs, ours, spacing))


def surface(volume: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the voxels of a volume that have a neighbour outside, same shape."""
    from scipy import ndimage

    inner: npt.NDArray[np.bool_] = ndimage.binary_erosion(volume)
    return volume & ~inner


def _joint_box(volume: npt.NDArray[np.bool_]) -> tuple[slice, ...]:
    axes = range(volume.ndim)
    spans = [
        np.flatnonzero(volume.any(axis=tuple(a for a in axes if a != axis)))
        for axis in axes
    ]
    return tuple(slice(int(span[0]), int(span[-1]) + 1) for span in spans)


def _percentile(
    surface_a: npt.NDArray[np.bool_],
    surface_b: npt.NDArray[np.bool_],
    spacing: tuple[float, ...],
) -> float:
    """Return the 95th percentile of the distances from one surface to another."""
    from scipy import ndimage

    distance = ndimage.distance_transform_edt(~surface_b, sampling=spacing)
    return float(np.percentile(distance[surface_a], 95))
