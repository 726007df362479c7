"""What the user painted, from label images before and after. Pure functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.state import edits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import numpy.typing as npt

    from napari_sam2.state.document import Document
    from napari_sam2.state.edit import Edit
    from napari_sam2.state.masks import Place

Drawn: TypeAlias = tuple[tuple[int, PackedMask], ...]
"""The masks of a frame in the order in which they are drawn, with their objects."""


def drawn(document: Document, frame: int, hidden: Collection[int] = ()) -> Drawn:
    """Return what a frame's label image is drawn from: what is not hidden."""
    seen = document.painted_order(frame)
    return tuple((i, one.mask) for i, one in seen if i not in hidden)


def draw(
    masks: Drawn, out: npt.NDArray[Any], *, corner_yx: tuple[int, int] = (0, 0)
) -> None:
    """Draw masks over a label image, or over a part of one.

    Parameters
    ----------
    masks : Drawn
    out : ndarray of integers, shape (h, w)
    corner_yx : tuple of int, optional
        Row and column of the label image at which the part begins.
    """
    out[...] = 0
    for object_id, mask in masks:
        inside, seen = _overlap(mask, corner_yx, out.shape)
        part = out[inside]
        if part.size:
            part[mask.crop[seen]] = object_id


def _overlap(
    mask: PackedMask, corner_yx: tuple[int, int], shape_hw: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return where a part of an image and the crop of a mask show the same pixels."""
    inside, seen = [], []
    for corner, length, origin, size in zip(
        corner_yx, shape_hw, mask.origin_yx, mask.crop_hw, strict=True
    ):
        start, stop = max(corner, origin), min(corner + length, origin + size)
        stop = max(start, stop)
        inside.append(slice(start - corner, stop - corner))
        seen.append(slice(start - origin, stop - origin))
    return tuple(inside), tuple(seen)


def painted_masks(
    before: Drawn, labels: npt.NDArray[Any]
) -> dict[int, npt.NDArray[np.bool_]]:
    """Return the masks that painting changed, by object.

    A painted pixel belongs to the object of its value alone, and an erased one to none:
    what lay hidden beneath does not come to light.

    Parameters
    ----------
    before : Drawn
        What the label image was drawn from.
    labels : ndarray of integers, shape (H, W)
        The label image now.
    """
    was = np.zeros(labels.shape, labels.dtype)
    draw(before, was)
    changed = labels != was
    if not changed.any():
        return {}
    masks = {object_id: mask.mask for object_id, mask in before}
    painted = {}
    for object_id in {*masks, *np.unique(labels[changed]).tolist()} - {0}:
        mask = masks.get(object_id, np.zeros(labels.shape, bool))
        after = (mask & ~changed) | (changed & (labels == object_id))
        if not np.array_equal(after, mask):
            painted[object_id] = after
    return painted


def paint(
    document: Document, frames: Iterable[tuple[int, Drawn, npt.NDArray[Any]]]
) -> Edit | None:
    """Return the edit that takes painted frames over; None if nothing was painted.

    Numbers that are no object yet become new objects.

    Parameters
    ----------
    document : Document
    frames : iterable of (int, Drawn, ndarray)
        The frame, what its label image was drawn from, and what that is now, (H, W).

    Raises
    ------
    PromptError
        If an object is locked on a frame.
    """
    masks: dict[Place, PackedMask] = {}
    for frame, before, labels in frames:
        seen = {object_id for object_id, _ in before}
        for object_id, mask in painted_masks(before, labels).items():
            if object_id not in seen:
                mask |= _unseen(document, object_id, frame)
            masks[object_id, frame] = pack_mask(mask)
    if not masks:
        return None
    names = {object_id: "" for object_id, _ in masks}
    edit = edits.paint_masks(document, masks, names=names)
    return replace(edit, label=_label(document, masks))


def _unseen(
    document: Document, object_id: int, frame: int
) -> npt.NDArray[np.bool_] | bool:
    """Return the mask of an object that is painted while it is hidden."""
    known = document.masks.get((object_id, frame))
    return known.mask.mask if known is not None else False


def _label(document: Document, masks: Mapping[Place, PackedMask]) -> str:
    if len(masks) > 1:
        return f"Paint {len(masks)} masks"
    ((object_id, frame),) = masks
    known = document.objects.get(object_id)
    return f"Paint {known.name if known else f'object {object_id}'} on frame {frame}"
