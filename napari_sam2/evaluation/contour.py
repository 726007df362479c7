"""How well the outlines of two masks agree: F of the DAVIS benchmark.

The definition is that of Perazzi et al., A Benchmark Dataset and Evaluation Methodology
for Video Object Segmentation, CVPR 2016, in the form that the DAVIS toolkit gives it:
precision and recall of the outline's pixels, where a pixel counts as found if the other
outline is within a tolerance of 0.8 % of the frame's diagonal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.geometry import mask_box_yxyx

if TYPE_CHECKING:
    import numpy.typing as npt

TOLERANCE = 0.008
"""Share of the frame's diagonal within which outlines agree."""


def contour_f(
    found: npt.NDArray[np.bool_],
    truth: npt.NDArray[np.bool_],
    tolerance: float = TOLERANCE,
) -> float:
    """Return F, the harmonic mean of precision and recall of a mask's outline.

    Parameters
    ----------
    found, truth : ndarray of bool, shape (H, W)
        Whole frames.
    tolerance : float, optional
        Share of the diagonal, rounded up to whole pixels; from 1, pixels.

    Returns
    -------
    float
        1 when neither mask has an outline, 0 when only one of them has.
    """
    radius = tolerance_pixels(found.shape, tolerance)
    found, truth = _joint_crop(found, truth)
    ours, theirs = outline_pixels(found), outline_pixels(truth)
    if not ours.any() or not theirs.any():
        return float(ours.any() == theirs.any())
    precision = _share_near(ours, theirs, radius)
    recall = _share_near(theirs, ours, radius)
    if precision + recall == 0:
        return 0.0
    return 2 * precision * recall / (precision + recall)


def tolerance_pixels(shape: tuple[int, ...], tolerance: float = TOLERANCE) -> float:
    """Return the distance within which outlines agree, in pixels of a frame."""
    if tolerance >= 1:
        return tolerance
    return math.ceil(tolerance * math.hypot(*shape[:2]))


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


def _joint_crop(
    found: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Cut off what neither mask reaches; a rim of one pixel keeps the outlines."""
    box = mask_box_yxyx(found | truth)
    if box is None:
        return found, truth
    y0, x0, y1, x1 = box
    part = slice(max(0, y0 - 1), y1 + 2), slice(max(0, x0 - 1), x1 + 2)
    return found[part], truth[part]


def _share_near(
    outline: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_], radius: float
) -> float:
    """Return the share of an outline's pixels within a disk of the other's."""
    from scipy import ndimage

    distance = ndimage.distance_transform_edt(~other)
    return float(np.mean(distance[outline] <= radius + 1e-6))
