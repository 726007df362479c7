"""Edits of what is said about an object: points, a box, or its own pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.errors import PromptError
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.masks.packing import absent_mask, pack_mask
from napari_sam2.state.edit import Edit, TrackedObject
from napari_sam2.state.lineage import why_not_alive
from napari_sam2.state.masks import CERTAIN, FrameMask, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place


def set_prompts(
    document: Document, object_id: int, frame: int, prompts: FramePrompts
) -> Edit:
    """Replace the points and box of an object on a frame; nothing withdraws them.

    The mask stays as it is until the answer comes, except when everything is withdrawn:
    then the mask that a run had left there, or the painting, comes back. A
    ``prompts.mask`` is painted.

    Raises
    ------
    FrameError
        If there is no such frame.
    PromptError
        If there is no such object, the frame is locked, or a prompt lies outside the
        image.
    """
    if prompts.mask is not None:
        return paint_mask(document, object_id, frame, prompts.mask)
    _check_place(document, object_id, frame)
    name = document.get_object(object_id).name
    place = object_id, frame
    before = document.masks.get(place)
    if not prompts:
        after = _without_prompts(before)
        label = f"Withdraw the prompts of {name} on frame {frame}"
    else:
        what = f"{name} on frame {frame}"
        prompts.check(document.shape_hw, what=what, refines=True)
        after = _awaiting_answer(before)
        label = f"Prompt {what}"
    # The mask is named even where it stays: undoing must bring it back, whatever
    # answers have come in the meantime.
    return Edit(label, prompts={place: prompts or None}, masks={place: after})


def paint_mask(
    document: Document,
    object_id: int,
    frame: int,
    mask: npt.NDArray[np.bool_] | PackedMask,
) -> Edit:
    """Say with a mask where an object is on a frame; an empty one says it is absent.

    It replaces the points and the box there, and runs never overwrite it.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W), or PackedMask

    Raises
    ------
    FrameError
        If there is no such frame.
    PromptError
        If there is no such object, the frame is locked, or the mask has another size.
    """
    edit = paint_masks(document, {(object_id, frame): mask})
    name = document.get_object(object_id).name
    return replace(edit, label=f"Paint {name} on frame {frame}")


def paint_masks(
    document: Document,
    masks: Mapping[Place, npt.NDArray[np.bool_] | PackedMask],
    *,
    names: Mapping[int, str] | None = None,
) -> Edit:
    """Paint several objects or frames at once, adding the objects that are missing.

    Parameters
    ----------
    masks : mapping of (object_id, frame) to ndarray of bool, shape (H, W)
        Or packed already; as for :func:`paint_mask`.
    names : mapping of int to str, optional
        Allows objects to be added, and names them; a missing one without an entry is
        an error.

    Raises
    ------
    FrameError, PromptError
        As for :func:`paint_mask`.
    """
    added = {
        i: TrackedObject(i, names[i] or f"Object {i}")
        for i in sorted({object_id for object_id, _ in masks})
        if names and i in names and i not in document.objects
    }
    painted = {}
    for (object_id, frame), mask in masks.items():
        if object_id not in added:
            _check_place(document, object_id, frame)
        check_frame(frame, document.frame_count)
        packed = mask if isinstance(mask, PackedMask) else pack_mask(mask)
        _check_size(packed, document.shape_hw)
        logit = -CERTAIN if packed.is_absent else CERTAIN
        painted[object_id, frame] = FrameMask(
            packed, Origin.PAINTED, predicted_iou=1.0, object_logit=logit
        )
    prompts = {place: None for place in painted if place in document.prompts}
    return Edit(f"Paint {len(painted)} masks", added, prompts, painted)


def mark_absent(document: Document, object_id: int, frames: Iterable[int]) -> Edit:
    """Say that an object is not in these frames, as if its mask was erased there."""
    nothing = absent_mask(document.shape_hw)
    edit = paint_masks(
        document, dict.fromkeys(((object_id, f) for f in frames), nothing)
    )
    name = document.get_object(object_id).name
    return replace(edit, label=f"Mark {name} absent")


def _without_prompts(before: FrameMask | None) -> FrameMask | None:
    """Return the tracked or painted mask that prompts had changed, if any."""
    if before is not None and before.origin is Origin.PROMPTED:
        return before.beneath
    return before


def _awaiting_answer(before: FrameMask | None) -> FrameMask | None:
    """Keep what was painted beneath: the prompts add to it, or take away from it."""
    if before is None or before.origin is not Origin.PAINTED:
        return before
    return replace(before, origin=Origin.PROMPTED, is_reviewed=False, beneath=before)


def _check_place(document: Document, object_id: int, frame: int) -> None:
    name = document.get_object(object_id).name
    check_frame(frame, document.frame_count)
    problem = why_not_alive(document.objects, document.lives, object_id, frame)
    if problem:
        raise PromptError(problem)
    mask = document.masks.get((object_id, frame))
    if mask is not None and mask.is_locked:
        raise PromptError(
            f"{name} is locked on frame {frame}: unlock it there before changing it."
        )


def _check_size(mask: PackedMask, shape_hw: tuple[int, int]) -> None:
    if mask.shape_hw != shape_hw:
        raise PromptError(
            f"The mask has {mask.shape_hw[0]} × {mask.shape_hw[1]} pixels, but the "
            f"frames are {shape_hw[0]} × {shape_hw[1]}: it must cover a whole frame."
        )
