"""Masks to bytes and back, fast, within one program: for steps of a history."""

from __future__ import annotations

import pickle
import struct
from typing import TYPE_CHECKING, Any

from napari_sam2.core.packed import PackedMask, shared_shape
from napari_sam2.state.masks import FrameMask, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_sam2.state.masks import Place

# Object, frame, kind, flags, height and width of the frame, predicted IoU, logit, step,
# numbers of the mask, bytes that follow.
_HEADER = struct.Struct("<2q2B2I2dq40sI")
_ORIGINS = tuple(Origin)
_NOTHING, _PICKLED = 254, 255
_NO_STEP = -1


def masks_to_bytes(masks: Mapping[Place, FrameMask | None]) -> bytes:
    """Return masks, and places where there is none, as bytes."""
    return b"".join(part for one in masks.items() for part in _encoded(*one))


def masks_from_bytes(data: bytes) -> dict[Place, FrameMask | None]:
    """Return what :func:`masks_to_bytes` was given."""
    masks: dict[Place, FrameMask | None] = {}
    start = 0
    while start < len(data):
        object_id, frame, *fields, count = _HEADER.unpack_from(data, start)
        start += _HEADER.size
        masks[object_id, frame] = _decoded(fields, data[start : start + count])
        start += count
    return masks


def _encoded(place: Place, mask: FrameMask | None) -> Iterator[bytes]:
    if mask is None:
        yield _HEADER.pack(*place, _NOTHING, 0, 0, 0, 0.0, 0.0, 0, b"", 0)
    elif mask.answers is not None or mask.beneath is not None:
        bits = pickle.dumps(mask, pickle.HIGHEST_PROTOCOL)  # few
        yield _HEADER.pack(*place, _PICKLED, 0, 0, 0, 0.0, 0.0, 0, b"", len(bits))
        yield bits
    else:
        packed, bits = mask.mask, mask.mask.bits
        flags = mask.is_locked | mask.is_reviewed << 1 | packed.is_deflated << 2
        yield _HEADER.pack(
            *place, _ORIGINS.index(mask.origin), flags, *packed.shape_hw,
            mask.predicted_iou, mask.object_logit,
            _NO_STEP if mask.step is None else mask.step, packed.numbers, len(bits),
        )  # fmt: skip
        yield bits


def _decoded(fields: list[Any], bits: bytes) -> FrameMask | None:
    kind, flags, height, width, iou, logit, step, numbers = fields
    if kind == _NOTHING:
        return None
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
