"""Masks from bits that were stored somewhere: nothing about them is taken on trust."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.masks.packed import PackedMask, pack_numbers, shared_shape
from napari_sam2.core.masks.packing import absent_mask

if TYPE_CHECKING:
    import numpy.typing as npt


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
        As of :class:`napari_sam2.core.masks.packed.PackedMask`.

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
    crop = _crop(crop_hw, bits, is_deflated)
    rows, columns = crop.sum(1, dtype=np.int64), crop.sum(0, dtype=np.int64)
    if not (rows[0] and rows[-1] and columns[0] and columns[-1]):
        raise ValueError("the bounding box is too large")
    area = int(rows.sum())
    centroid = (
        float(rows @ np.arange(height)) / area + y,
        float(columns @ np.arange(width)) / area + x,
    )
    numbers = pack_numbers(origin_yx, crop_hw, area, centroid)
    return PackedMask(shared_shape(*shape_hw), numbers, bits, is_deflated)


def _crop(
    crop_hw: tuple[int, int], bits: bytes, is_deflated: bool
) -> npt.NDArray[np.uint8]:
    """Return the pixels of a bounding box, 0 or 1."""
    height, width = crop_hw
    count = -(-height * width // 8)
    raw = _inflated(bits, count) if is_deflated else bits
    if len(raw) != count:
        raise ValueError("the pixels are too many or too few")
    unpacked = np.unpackbits(np.frombuffer(raw, np.uint8))
    if unpacked[height * width :].any():
        raise ValueError("there are pixels after the last one")
    return unpacked[: height * width].reshape(height, width)


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
