"""The edits that users and runs make, as pure functions of the document.

Each checks what it is given, raises a sentence when it cannot be done, and returns an
:class:`~napari_sam2.state.edit.Edit` without changing anything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.errors import PromptError
from napari_sam2.core.frames import check_frame
from napari_sam2.core.packed import (
    PackedMask,
    absent_mask,
    pack_mask,
)
from napari_sam2.state.edit import Edit, TrackedObject
from napari_sam2.state.masks import FrameMask, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.packed import PackedResult
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place


def new_object_id(document: Document) -> int:
    """Return the id that a new object gets: one above the largest."""
    return max(document.objects, default=0) + 1


def add_object(
    document: Document, object_id: int | None = None, name: str = ""
) -> Edit:
    """Add an object; the document selects it.

    Parameters
    ----------
    object_id : int, optional
        See :func:`new_object_id` for the default.
    name : str, optional
        "Object 3" by default.

    Raises
    ------
    PromptError
        If the id is below 1 or taken.
    """
    if object_id is None:
        object_id = new_object_id(document)
    if object_id < 1 or object_id in document.objects:
        raise PromptError(
            f"A new object cannot have the number {object_id}: numbers start at 1, and "
            "each is used once."
        )
    added = TrackedObject(object_id, name.strip() or f"Object {object_id}")
    return Edit(f"Add {added.name}", objects={object_id: added})


def remove_object(document: Document, object_id: int) -> Edit:
    """Remove an object with everything said about it and all its masks."""
    name = document.get_object(object_id).name
    frames = document.masks.of_object(object_id)
    return Edit(
        f"Delete {name}",
        objects={object_id: None},
        prompts={place: None for place in document.prompts if place[0] == object_id},
        masks={(object_id, frame): None for frame in frames},
    )


def rename_object(document: Document, object_id: int, name: str) -> Edit:
    """Give an object another name.

    Raises
    ------
    PromptError
        If the name is empty.
    """
    before = document.get_object(object_id)
    if not name.strip():
        raise PromptError(f"{before.name} cannot have an empty name.")
    after = replace(before, name=name.strip())
    return Edit(f"Rename {before.name}", objects={object_id: after})


def set_prompts(
    document: Document, object_id: int, frame: int, prompts: FramePrompts
) -> Edit:
    """Replace the points and box of an object on a frame; nothing withdraws them.

    The mask stays as it is until the answer comes, except when everything is withdrawn:
    then the mask that a run had left there comes back. A ``prompts.mask`` is painted.

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
    return paint_masks(document, {(object_id, frame): mask})


def paint_masks(
    document: Document,
    masks: Mapping[Place, npt.NDArray[np.bool_] | PackedMask],
    *,
    names: Mapping[int, str] | None = None,
) -> Edit:
    """Paint several objects or frames at once, adding the objects that are missing.

    Parameters
    ----------
    masks : mapping of (object_id, frame) to mask
        As for :func:`paint_mask`.
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
        painted[object_id, frame] = FrameMask(packed, Origin.PAINTED)
    prompts = {place: None for place in painted if place in document.prompts}
    ids = sorted({object_id for object_id, _ in painted})
    what = f"object {ids[0]}" if len(ids) == 1 else f"{len(ids)} objects"
    return Edit(f"Paint {what}", added, prompts, painted)


def mark_absent(document: Document, object_id: int, frames: Iterable[int]) -> Edit:
    """Say that an object is not in these frames, as if its mask was erased there."""
    nothing = absent_mask(document.shape_hw)
    edit = paint_masks(
        document, dict.fromkeys(((object_id, f) for f in frames), nothing)
    )
    name = document.get_object(object_id).name
    return replace(edit, label=f"Mark {name} absent")


def erase_masks(document: Document, object_id: int, frames: Iterable[int]) -> Edit:
    """Forget what runs found of an object on these frames; prompts and locks stay."""
    name = document.get_object(object_id).name
    row = document.masks.of_object(object_id)
    gone = [
        frame
        for frame in frames
        if frame in row
        and row[frame].origin is Origin.TRACKED
        and not row[frame].is_locked
    ]
    return Edit(f"Clear {name}", masks={(object_id, frame): None for frame in gone})


def set_flags(
    document: Document,
    places: Iterable[Place],
    *,
    is_locked: bool | None = None,
    is_reviewed: bool | None = None,
) -> Edit:
    """Lock or unlock, accept or unaccept masks; places without a mask are left out."""
    after = {}
    for place in places:
        mask = document.masks.get(place)
        if mask is not None:
            after[place] = replace(
                mask,
                is_locked=mask.is_locked if is_locked is None else is_locked,
                is_reviewed=mask.is_reviewed if is_reviewed is None else is_reviewed,
            )
    label = {True: "Lock", False: "Unlock", None: "Accept"}[is_locked]
    return Edit(f"{label} {len(after)} masks", masks=after)


def set_results(
    document: Document,
    results: Iterable[PackedResult],
    told: Mapping[Place, object] | None = None,
) -> Edit:
    """Take over what a run found, absence included.

    Locked and painted masks, and objects that are gone, are left alone.

    Parameters
    ----------
    results : iterable of PackedResult
        One frame's, or a whole run's.
    told : mapping of (object_id, frame) to FramePrompts, optional
        What the tracker was told when the run began. Where the document says something
        else by now, the result is not taken. By default, what the document says.
    """
    said = document.prompts
    told = said if told is None else told
    after = {}
    for one in results:
        place = one.object_id, one.frame
        before = document.masks.get(place)
        is_free = before is None or not before.is_protected
        is_current = told.get(place) == said.get(place)
        if one.object_id in document.objects and is_free and is_current:
            after[place] = _found(one, before, said.get(place))
    return Edit("Track", masks=after)


def set_answer(document: Document, result: PackedResult, prompts: FramePrompts) -> Edit:
    """Take over the model's answer to the prompts of one frame, if one is due.

    An answer to prompts that were changed since is taken as well, so that a mask
    follows a dragged point; it does not replace the answer to the present ones.
    """
    if not document.needs_answer(result.object_id, result.frame):
        return Edit("Answer")
    place = result.object_id, result.frame
    found = _found(result, document.masks.get(place), prompts)
    return Edit("Answer", masks={place: found})


def _found(
    result: PackedResult, before: FrameMask | None, prompts: FramePrompts | None
) -> FrameMask:
    beneath = None
    if prompts is not None and before is not None:
        is_tracked = before.origin is Origin.TRACKED
        beneath = before if is_tracked else before.beneath
    same = before is not None and before.mask == result.mask
    return FrameMask(
        result.mask,
        Origin.TRACKED if prompts is None else Origin.PROMPTED,
        predicted_iou=result.predicted_iou,
        object_logit=result.object_logit,
        is_reviewed=same and before is not None and before.is_reviewed,
        answers=prompts,
        beneath=beneath,
    )


def _without_prompts(before: FrameMask | None) -> FrameMask | None:
    """Return the tracked mask that prompts had corrected, if any."""
    if before is not None and before.origin is Origin.PROMPTED:
        return before.beneath
    return before


def _awaiting_answer(before: FrameMask | None) -> FrameMask | None:
    """Stop protecting what was painted, now that points are to replace it."""
    if before is None or before.origin is not Origin.PAINTED:
        return before
    return replace(before, origin=Origin.PROMPTED, is_reviewed=False)


def _check_place(document: Document, object_id: int, frame: int) -> None:
    name = document.get_object(object_id).name
    check_frame(frame, document.frame_count)
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
