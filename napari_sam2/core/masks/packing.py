"""Packing masks: of a whole frame, of a part of one, or many from a label image."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.geometry import mask_box_yxyx
from napari_sam2.core.masks.packed import (
    PackedMask,
    PackedResult,
    pack_numbers,
    shared_shape,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    from napari_sam2.core.results import MaskResult

_WORTH_DEFLATING = 256


def pack_mask(mask: npt.NDArray[np.bool_]) -> PackedMask:
    """Pack a whole-frame mask, bool, shape (H, W)."""
    height, width = mask.shape
    return pack_crop(mask, (0, 0), (height, width))


def pack_result(result: MaskResult, step: int | None = None) -> PackedResult:
    """Pack what the engine found for one object on one frame."""
    return PackedResult(
        result.object_id,
        result.frame,
        pack_crop(result.crop, result.origin_yx, result.shape_hw),
        float(result.predicted_iou),
        float(result.object_logit),
        result.is_prompted,
        step,
    )


def absent_mask(shape_hw: tuple[int, int]) -> PackedMask:
    """Return the mask of an object that is not in a frame."""
    numbers = pack_numbers((0, 0), (0, 0), 0, (0.0, 0.0))
    return PackedMask(shared_shape(*shape_hw), numbers, b"", False)


def unite(masks: Sequence[PackedMask]) -> PackedMask:
    """Return the pixels of several masks of one frame as one mask."""
    seen = [mask for mask in masks if not mask.is_absent]
    if len(seen) < 2:
        return seen[0] if seen else masks[0]
    boxes = [mask.box_yxyx or (0, 0, 0, 0) for mask in seen]
    y0, x0, y1, x1 = zip(*boxes, strict=True)
    top, left = min(y0), min(x0)
    crop = np.zeros((max(y1) - top + 1, max(x1) - left + 1), bool)
    for mask, (y, x, *_) in zip(seen, boxes, strict=True):
        height, width = mask.crop_hw
        crop[y - top : y - top + height, x - left : x - left + width] |= mask.crop
    return _pack(crop, (top, left), seen[0].shape_hw)


def pack_labels(
    labels: npt.NDArray[Any], object_ids: Collection[int] | None = None
) -> dict[int, PackedMask]:
    """Part a label image into one mask per object.

    Parameters
    ----------
    labels : ndarray of integers, shape (H, W)
        0 is background; negative values are left out.
    object_ids : collection of int, optional
        The values to take; all by default.

    Returns
    -------
    dict of int to PackedMask
        By value, in ascending order. Values that do not occur are left out.
    """
    height, width = labels.shape
    rows, columns = np.nonzero(labels)
    values = labels[rows, columns]
    order = np.argsort(values, kind="stable")
    rows, columns, values = rows[order], columns[order], values[order]
    found, starts = np.unique(values, return_index=True)
    parts = (np.split(one, starts[1:]) for one in (rows, columns))
    packed = {}
    for value, y, x in zip(found.tolist(), *parts, strict=False):
        if value > 0 and (object_ids is None or value in object_ids):
            packed[int(value)] = _pack_pixels(y, x, (height, width))
    return packed


def _pack_pixels(
    y: npt.NDArray[np.intp], x: npt.NDArray[np.intp], shape_hw: tuple[int, int]
) -> PackedMask:
    top, left = int(y.min()), int(x.min())
    crop = np.zeros((int(y.max()) - top + 1, int(x.max()) - left + 1), bool)
    crop[y - top, x - left] = True
    return _pack(crop, (top, left), shape_hw)


def pack_crop(
    crop: npt.NDArray[np.bool_], origin_yx: tuple[int, int], shape_hw: tuple[int, int]
) -> PackedMask:
    """Pack a mask that lies within a part of a frame.

    Parameters
    ----------
    crop : ndarray of bool, shape (h, w)
        The part; it may have empty margins.
    origin_yx : tuple of int
        Row and column of its first pixel.
    shape_hw : tuple of int
        Height and width of the frame in pixels.
    """
    box = mask_box_yxyx(crop)
    if box is None:
        return absent_mask(shape_hw)
    (y, x), (y0, x0, y1, x1) = origin_yx, box
    return _pack(crop[y0 : y1 + 1, x0 : x1 + 1], (y + y0, x + x0), shape_hw)


def _pack(
    crop: npt.NDArray[np.bool_], origin_yx: tuple[int, int], shape_hw: tuple[int, int]
) -> PackedMask:
    """Pack a mask that touches all four sides of its crop."""
    # Counts are made in a sixth of the time that it takes to list all pixels.
    counts = np.count_nonzero(crop, axis=1), np.count_nonzero(crop, axis=0)
    area = int(counts[0].sum())
    y, x = (float(one @ np.arange(len(one))) / area for one in counts)
    centroid = y + origin_yx[0], x + origin_yx[1]
    bits = np.packbits(crop).tobytes()
    is_large = len(bits) >= _WORTH_DEFLATING
    height, width = crop.shape
    numbers = pack_numbers(origin_yx, (height, width), area, centroid)
    held = zlib.compress(bits, 1) if is_large else bits
    return PackedMask(shared_shape(*shape_hw), numbers, held, is_large)
