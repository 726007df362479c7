"""Data pixels to the model's square, and boxes around masks.

This is the only place where (y, x) becomes (x, y). Data coordinates have pixel centres
at integers, so a frame spans -0.5 to size - 0.5; the model's image spans 0 to
``image_size``, squashed without keeping the aspect ratio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt


def model_xy(
    points_yx: Iterable[tuple[float, float]],
    shape_hw: tuple[int, int],
    image_size: int,
) -> npt.NDArray[np.float32]:
    """Convert (y, x) data pixels to (x, y) in the model's image.

    Parameters
    ----------
    points_yx : iterable of (float, float)
        Points in data pixels, pixel centres at integers.
    shape_hw : tuple of int
        Height and width of the data frame in pixels.
    image_size : int
        Side of the model's square image in pixels.

    Returns
    -------
    ndarray of float32, shape (N, 2)
        (x, y), pixel edges at integers: the centre of the first pixel is at 0.5 when
        the sizes agree.
    """
    yx = np.array(list(points_yx), np.float64).reshape(-1, 2)
    scaled = (yx + 0.5) * (image_size / np.array(shape_hw, np.float64))
    return np.ascontiguousarray(scaled[:, ::-1], np.float32)


def box_corners_yx(
    box_yxyx: tuple[float, float, float, float],
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Split a box into its top-left and bottom-right corners, both (y, x)."""
    y0, x0, y1, x1 = box_yxyx
    return (y0, x0), (y1, x1)


def mask_box_yxyx(
    mask: npt.NDArray[np.bool_],
) -> tuple[int, int, int, int] | None:
    """Return (y0, x0, y1, x1) of a mask, last row and column included, or None."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return None
    columns = np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]), int(columns[-1])


def pairs_that_meet(
    boxes: Iterable[tuple[int, int, int, int] | None], margin: int = 0
) -> list[list[int]]:
    """Return all pairs, both ways and in order, of boxes that meet, by their numbers.

    Only those that meet along y are compared along x: a frame has thousands of cells.

    Parameters
    ----------
    boxes : iterable of (y0, x0, y1, x1) or None
        The last row and column included; None meets nothing.
    margin : int, optional
        By how much each is widened before.
    """
    known = [(number, box) for number, box in enumerate(boxes) if box is not None]
    numbers = np.array([number for number, _ in known], np.int64)
    corners = np.array([box for _, box in known], np.int64).reshape(-1, 4)
    order = np.argsort(corners[:, 0], kind="stable")
    low, high = corners[order, :2] - margin, corners[order, 2:] + margin
    starts = np.arange(1, len(order) + 1)
    counts = np.searchsorted(low[:, 0], high[:, 0], side="right") - starts
    one = np.repeat(starts - 1, counts)
    skipped = np.repeat(np.cumsum(counts) - counts, counts)
    other = np.arange(len(one)) - skipped + np.repeat(starts, counts)
    meets = (low[one, 1] <= high[other, 1]) & (low[other, 1] <= high[one, 1])
    one, other = numbers[order[one[meets]]], numbers[order[other[meets]]]
    pairs = np.stack([np.r_[one, other], np.r_[other, one]], axis=1)
    found: list[list[int]] = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist()
    return found


def mask_iou(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """Return what two masks share of what they cover together; 1 if that is nothing."""
    union = np.count_nonzero(one | other)
    return float(np.count_nonzero(one & other) / union) if union else 1.0
