"""How well two masks, or volumes, agree: overlaps, outlines, and surfaces.

F is that of Perazzi et al., A Benchmark Dataset and Evaluation Methodology for Video
Object Segmentation, CVPR 2016, in the form that the DAVIS toolkit gives it: precision
and recall of the outline's pixels, where a pixel counts as found if the other outline
is within a tolerance of 0.8 % of the frame's diagonal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.geometry import mask_iou

if TYPE_CHECKING:
    import numpy.typing as npt

TOLERANCE = 0.008
"""Share of the frame's diagonal within which outlines agree."""


def jaccard(found: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    """Return J, intersection over union; 1 when both masks are empty.

    Parameters
    ----------
    found, truth : ndarray of bool, same shape
    """
    return mask_iou(found, truth)


def dice(found: npt.NDArray[Any], truth: npt.NDArray[Any]) -> float:
    """Return Dice, twice the intersection over the sum of areas; 1 when both are empty.

    Parameters
    ----------
    found, truth : ndarray of bool, same shape
    """
    both = np.count_nonzero(found) + np.count_nonzero(truth)
    return float(2 * np.count_nonzero(found & truth) / both) if both else 1.0


def outline_f(
    found: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_], radius: float
) -> float:
    """Return F, the harmonic mean of precision and recall of a mask's outline.

    Parameters
    ----------
    found, truth : ndarray of bool, shape (H, W)
        Whole frames, or parts that hold both outlines, with a rim of a pixel where the
        frame goes on.
    radius : float
        Pixels within which outlines agree, from :func:`tolerance_pixels`.

    Returns
    -------
    float
        1 when neither mask has an outline, 0 when only one of them has.
    """
    ours, theirs = outline_pixels(found), outline_pixels(truth)
    if not ours.any() or not theirs.any():
        return float(ours.any() == theirs.any())
    precision = _share_near(ours, theirs, radius)
    recall = _share_near(theirs, ours, radius)
    if precision + recall == 0:
        return 0.0
    return 2 * precision * recall / (precision + recall)


def tolerance_pixels(shape_hw: tuple[int, int]) -> int:
    """Return the distance within which outlines agree, in pixels of a frame."""
    return math.ceil(TOLERANCE * math.hypot(*shape_hw))


def outline_pixels(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return where the mask changes to the right, below, or diagonally below right.

    The outline is a pixel wide and lies on both sides of the change. In the last column
    only what is below counts, in the last row only what is to the right, and the last
    pixel of all is never part of it.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    changes = np.zeros(mask.shape, bool)
    changes[:, :-1] |= mask[:, :-1] != mask[:, 1:]
    changes[:-1] |= mask[:-1] != mask[1:]
    changes[:-1, :-1] |= mask[:-1, :-1] != mask[1:, 1:]
    return changes


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


def _joint_box(mask: npt.NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the box around a mask of any number of axes."""
    if not mask.any():
        return (slice(0, 0),) * mask.ndim
    axes = range(mask.ndim)
    spans = [
        np.flatnonzero(mask.any(axis=tuple(a for a in axes if a != axis)))
        for axis in axes
    ]
    return tuple(slice(int(span[0]), int(span[-1]) + 1) for span in spans)


def _share_near(
    outline: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_], radius: float
) -> float:
    """Return the share of an outline's pixels within a disk of the other's."""
    from scipy import ndimage

    distance = ndimage.distance_transform_edt(~other)
    return float(np.mean(distance[outline] <= radius + 1e-6))


def _percentile(
    surface_a: npt.NDArray[np.bool_],
    surface_b: npt.NDArray[np.bool_],
    spacing: tuple[float, ...],
) -> float:
    """Return the 95th percentile of the distances from one surface to another."""
    from scipy import ndimage

    distance = ndimage.distance_transform_edt(~surface_b, sampling=spacing)
    return float(np.percentile(distance[surface_a], 95))
