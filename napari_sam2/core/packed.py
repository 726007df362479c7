"""Masks that are kept by the thousand: a bit per pixel of their bounding box.

Two packed masks are equal when they show the same pixels, so states that hold them can
be compared by value.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.geometry import mask_box_yxyx

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    from napari_sam2.core.results import MaskResult

_WORTH_DEFLATING = 256
_OVERHEAD_BYTES = 200


@dataclass(frozen=True, slots=True)
class PackedMask:
    """One object's pixels on one frame; made by :func:`pack_mask`.

    Attributes
    ----------
    shape_hw : tuple of int
        Height and width of the frame in pixels.
    origin_yx : tuple of int
        Row and column of the bounding box's first pixel.
    crop_hw : tuple of int
        Height and width of the bounding box; (0, 0) when the object is absent.
    bits : bytes
        The pixels of the bounding box row by row, eight to a byte.
    is_deflated : bool
        Whether ``bits`` is compressed on top.
    area : int
        Number of pixels in the mask.
    centroid_yx : tuple of float or None
        Mean (y, x) in data pixels; None when absent.
    """

    shape_hw: tuple[int, int]
    origin_yx: tuple[int, int]
    crop_hw: tuple[int, int]
    bits: bytes = field(repr=False)
    is_deflated: bool
    area: int = field(compare=False)
    centroid_yx: tuple[float, float] | None = field(compare=False)

    @property
    def crop(self) -> npt.NDArray[np.bool_]:
        """The pixels of the bounding box, bool, shape (h, w)."""
        height, width = self.crop_hw
        raw = zlib.decompress(self.bits) if self.is_deflated else self.bits
        bits = np.unpackbits(np.frombuffer(raw, np.uint8), count=height * width)
        return bits.reshape(height, width).view(bool)

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """The mask as a whole frame, bool, shape (H, W)."""
        mask = np.zeros(self.shape_hw, bool)
        mask[self.slices] = self.crop
        return mask

    @property
    def slices(self) -> tuple[slice, slice]:
        """Where the bounding box lies in the frame, as (rows, columns)."""
        (y, x), (h, w) = self.origin_yx, self.crop_hw
        return slice(y, y + h), slice(x, x + w)

    @property
    def box_yxyx(self) -> tuple[int, int, int, int] | None:
        """(y0, x0, y1, x1), the last row and column included; None when absent."""
        if not self.area:
            return None
        (y, x), (h, w) = self.origin_yx, self.crop_hw
        return y, x, y + h - 1, x + w - 1

    @property
    def is_absent(self) -> bool:
        """Whether the object is not in this frame."""
        return self.area == 0

    @property
    def nbytes(self) -> int:
        """About how much memory the mask takes."""
        return len(self.bits) + _OVERHEAD_BYTES

    def covers(self, yx: tuple[int, int]) -> bool:
        """Whether the pixel (y, x) belongs to the mask."""
        y, x = yx[0] - self.origin_yx[0], yx[1] - self.origin_yx[1]
        inside = 0 <= y < self.crop_hw[0] and 0 <= x < self.crop_hw[1]
        return inside and bool(self.crop[y, x])


@dataclass(frozen=True, slots=True)
class PackedResult:
    """One object on one frame as the engine found it, ready to be kept.

    Attributes are those of :class:`napari_sam2.core.results.MaskResult`, with the mask
    packed, and ``step``, the number of the :mod:`napari_sam2.core.recipe` step that
    gave it, where steps are taken down.
    """

    object_id: int
    frame: int
    mask: PackedMask
    predicted_iou: float
    object_logit: float
    is_prompted: bool
    step: int | None = field(default=None, compare=False)


def pack_mask(mask: npt.NDArray[np.bool_]) -> PackedMask:
    """Pack a whole-frame mask, bool, shape (H, W)."""
    height, width = mask.shape
    return _pack_crop(mask, (0, 0), (height, width))


def pack_result(result: MaskResult, step: int | None = None) -> PackedResult:
    """Pack what the engine found for one object on one frame."""
    return PackedResult(
        result.object_id,
        result.frame,
        _pack_crop(result.crop, result.origin_yx, result.shape_hw),
        float(result.predicted_iou),
        float(result.object_logit),
        result.is_prompted,
        step,
    )


def restore_mask(
    shape_hw: tuple[int, int],
    origin_yx: tuple[int, int],
    crop_hw: tuple[int, int],
    bits: bytes,
    is_deflated: bool,
) -> PackedMask:
    """Return a mask whose bits were stored somewhere, after looking at all of them.

    Parameters
    ----------
    shape_hw, origin_yx, crop_hw, bits, is_deflated
        As for :class:`PackedMask`.

    Raises
    ------
    ValueError
        If these are not the bits of a mask that touches all sides of its bounding box,
        inside the frame. No more memory is taken than the bounding box has bits.
    """
    (y, x), (height, width) = origin_yx, crop_hw
    if not height and not width:
        if bits or is_deflated or y or x:
            raise ValueError("an absent object has pixels")
        return absent_mask(shape_hw)
    if min(y, x, height - 1, width - 1) < 0:
        raise ValueError("the bounding box is none")
    if y + height > shape_hw[0] or x + width > shape_hw[1]:
        raise ValueError("the bounding box reaches beyond the frame")
    count = -(-height * width // 8)
    raw = _inflated(bits, count) if is_deflated else bits
    if len(raw) != count:
        raise ValueError("the pixels are too many or too few")
    unpacked = np.unpackbits(np.frombuffer(raw, np.uint8))
    if unpacked[height * width :].any():
        raise ValueError("there are pixels after the last one")
    crop = unpacked[: height * width].reshape(height, width)
    rows, columns = crop.sum(1, dtype=np.int64), crop.sum(0, dtype=np.int64)
    if not (rows[0] and rows[-1] and columns[0] and columns[-1]):
        raise ValueError("the bounding box is too large")
    area = int(rows.sum())
    centroid = (
        float(rows @ np.arange(height)) / area + y,
        float(columns @ np.arange(width)) / area + x,
    )
    return PackedMask(shape_hw, origin_yx, crop_hw, bits, is_deflated, area, centroid)


def _inflated(bits: bytes, count: int) -> bytes:
    """Decompress, but never to more than one byte beyond ``count``."""
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(bits, count + 1)
    except zlib.error as error:
        raise ValueError("the pixels are damaged") from error
    if not stream.eof or stream.unused_data:
        raise ValueError("the pixels are too many or too few")
    return raw


def absent_mask(shape_hw: tuple[int, int]) -> PackedMask:
    """Return the mask of an object that is not in a frame."""
    return PackedMask(shape_hw, (0, 0), (0, 0), b"", False, 0, None)


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


def _pack_crop(
    crop: npt.NDArray[np.bool_], origin_yx: tuple[int, int], shape_hw: tuple[int, int]
) -> PackedMask:
    """Pack a part of a frame, less its empty margins."""
    box = mask_box_yxyx(crop)
    if box is None:
        return absent_mask(shape_hw)
    (y, x), (y0, x0, y1, x1) = origin_yx, box
    return _pack(crop[y0 : y1 + 1, x0 : x1 + 1], (y + y0, x + x0), shape_hw)


def _pack(
    crop: npt.NDArray[np.bool_], origin_yx: tuple[int, int], shape_hw: tuple[int, int]
) -> PackedMask:
    """Pack a mask that touches all four sides of its crop."""
    rows, columns = np.nonzero(crop)
    centroid = float(rows.mean()) + origin_yx[0], float(columns.mean()) + origin_yx[1]
    bits = np.packbits(crop).tobytes()
    is_large = len(bits) >= _WORTH_DEFLATING
    height, width = crop.shape
    return PackedMask(
        shape_hw=(int(shape_hw[0]), int(shape_hw[1])),
        origin_yx=origin_yx,
        crop_hw=(height, width),
        bits=zlib.compress(bits, 1) if is_large else bits,
        is_deflated=is_large,
        area=len(rows),
        centroid_yx=centroid,
    )
