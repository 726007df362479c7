"""What the user painted, from label images before and after. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.state import edits
from napari_sam2.state.lineage import why_not_alive

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


@dataclass(frozen=True, slots=True)
class Painting:
    """What painting came to.

    Attributes
    ----------
    edit : Edit or None
        None if nothing was painted.
    kept : tuple of (object_id, frame)
        Locked masks that it would have changed, and did not, and objects that cannot
        be there, as they have divided or begin later.
    """

    edit: Edit | None
    kept: tuple[Place, ...] = ()


def paint(
    document: Document, frames: Iterable[tuple[int, Drawn, npt.NDArray[Any]]]
) -> Painting:
    """Return the edit that takes painted frames over.

    Numbers that are no object yet become new objects. Locked masks keep their pixels,
    and take no others.

    Parameters
    ----------
    document : Document
    frames : iterable of (int, Drawn, ndarray)
        The frame, what its label image was drawn from, and what that is now, (H, W).
    """
    masks: dict[Place, PackedMask] = {}
    kept: list[Place] = []
    for frame, before, now in frames:
        labels, held = _without_locked(document, frame, before, now)
        kept += [(object_id, frame) for object_id in held]
        seen = {object_id for object_id, _ in before}
        for object_id, mask in painted_masks(before, labels).items():
            if object_id not in seen:
                mask |= _unseen(document, object_id, frame)
            masks[object_id, frame] = pack_mask(mask)
    if not masks:
        return Painting(None, tuple(kept))
    names = {object_id: "" for object_id, _ in masks}
    edit = edits.paint_masks(document, masks, names=names)
    return Painting(replace(edit, label=_label(document, masks)), tuple(kept))


def tell_of_locks(document: Document, done: Painting) -> str:
    """Say why some of what was painted was not taken over."""
    (object_id, frame), *others = done.kept
    problem = why_not_alive(document.objects, document.lives, object_id, frame)
    if problem:
        return problem
    more = f", and {len(others)} more" if others else ""
    words = f"{document.get_object(object_id).name} is locked on frame {frame}{more}"
    if done.edit is None:
        return f"{words}: unlock it there before changing it."
    return f"{words}: what is locked has kept its pixels."


def _without_locked(
    document: Document, frame: int, before: Drawn, labels: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], list[int]]:
    """Return a label image in which locked masks are as before, and which these are.

    Likewise those of objects that are no more, or not yet.
    """
    on_frame = document.masks.on_frame(frame)
    away = {i for i in document.objects if not document.lives.hold(i, frame)}
    locked = {i for i, mask in on_frame.items() if mask.is_locked}
    if not away and not locked:
        return labels, []
    was = np.zeros(labels.shape, labels.dtype)
    draw(before, was)
    changed, masks = labels != was, dict(before)
    present = {*masks, *np.unique(labels[changed]).tolist()}  # few of all there are
    held, kept = np.zeros(labels.shape, bool), []
    for object_id in sorted(locked | (away & present)):
        theirs = labels == object_id
        if object_id in masks:  # what is hidden loses nothing anyway
            theirs |= masks[object_id].mask
        if (theirs & changed).any():
            held |= theirs & changed
            kept.append(object_id)
    return np.where(held, was, labels), kept


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
