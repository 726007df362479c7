"""Masks to bytes and back, fast, within one program: for steps of a history."""

from __future__ import annotations

import pickle
import struct
from typing import TYPE_CHECKING, Any

from napari_sam2.core.masks.packed import PackedMask, shared_shape
from napari_sam2.state.masks import FrameMask, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

# Kind, flags, height and width of the frame, predicted IoU, logit, step, numbers of the
# mask; its pixels follow.
_HEADER = struct.Struct("<2B2I2dq40s")
_ORIGINS = tuple(Origin)
_PICKLED = 255
_NO_STEP = -1


def masks_to_bytes(masks: Iterable[FrameMask | None]) -> tuple[bytes, list[int]]:
    """Return masks one after the other, and where each ends; None takes no bytes."""
    parts = [b"" if mask is None else mask_to_bytes(mask) for mask in masks]
    ends, end = [], 0
    for part in parts:
        end += len(part)
        ends.append(end)
    return b"".join(parts), ends


def mask_to_bytes(mask: FrameMask) -> bytes:
    """Return a mask, and what lies beneath it, as bytes."""
    if mask.answers is not None or mask.beneath is not None:
        bits = pickle.dumps(mask, pickle.HIGHEST_PROTOCOL)  # few
        return _HEADER.pack(_PICKLED, 0, 0, 0, 0.0, 0.0, 0, b"") + bits
    packed = mask.mask
    flags = mask.is_locked | mask.is_reviewed << 1 | packed.is_deflated << 2
    header = _HEADER.pack(
        _ORIGINS.index(mask.origin), flags, *packed.shape_hw,
        mask.predicted_iou, mask.object_logit,
        _NO_STEP if mask.step is None else mask.step, packed.numbers,
    )  # fmt: skip
    return header + packed.bits


def mask_from_bytes(data: bytes) -> FrameMask:
    """Return what :func:`mask_to_bytes` was given."""
    fields: tuple[Any, ...] = _HEADER.unpack_from(data)
    kind, flags, height, width, iou, logit, step, numbers = fields
    bits = data[_HEADER.size :]
    if kind == _PICKLED:
        mask: FrameMask = pickle.loads(bits)
        return mask
    packed = PackedMask(shared_shape(height, width), numbers, bits, bool(flags & 4))
    return FrameMask(
        packed,
        _ORIGINS[kind],
        iou,
        logit,
        is_locked=bool(flags & 1),
        is_reviewed=bool(flags & 2),
        step=None if step == _NO_STEP else step,
    )
