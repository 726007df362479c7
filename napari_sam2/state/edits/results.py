"""Edits of masks: what runs and answers found, and the user's verdicts on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.state.edit import Edit
from napari_sam2.state.mask_changes import MaskChanges
from napari_sam2.state.mask_row import removal
from napari_sam2.state.masks import FrameMask, Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from napari_sam2.core.masks.packed import PackedResult
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place


def set_results(
    document: Document,
    results: Iterable[PackedResult],
    told: Mapping[Place, object] | None = None,
) -> Edit:
    """Take over what a run found, absence included.

    Locked and painted masks, and objects that are gone, are left alone; a mother has
    nothing from where she divides on, and a daughter nothing before.

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
        is_alive = one.object_id in document.objects and document.lives.hold(*place)
        if is_alive and is_free and is_current:
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


def set_answers(
    document: Document,
    results: Iterable[PackedResult],
    asked: Mapping[Place, FramePrompts],
) -> Edit:
    """Take over the answers that are due in several places, as :func:`set_answer`.

    Parameters
    ----------
    document : Document
    results : iterable of PackedResult
    asked : mapping of (object_id, frame) to FramePrompts
        What was answered.
    """
    masks: dict[Place, FrameMask | None] = {}
    for one in results:
        prompts = asked[one.object_id, one.frame]
        masks |= set_answer(document, one, prompts).masks
    return Edit("Answer", masks=masks)


def expect_answers(document: Document) -> Edit:
    """Let all prompts be answered anew, because the model is to see another picture.

    Locked and painted masks stay, and those that runs found as well.
    """
    said = {place: document.masks.get(place) for place in document.prompts}
    stale = {
        place: replace(mask, answers=None)
        for place, mask in said.items()
        if mask and mask.origin is Origin.PROMPTED and not mask.is_protected
    }
    return Edit("Answer again", masks=stale)


def clear_masks(document: Document) -> Edit:
    """Forget all masks, locked and painted ones as well; points and boxes stay."""
    table = document.masks
    rows = {frame: removal(table.on_frame(frame)) for frame in table.frames}
    return Edit("Delete all masks", masks=MaskChanges(rows))


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
    if is_locked is not None:
        verb = "Lock" if is_locked else "Unlock"
    else:
        verb = "Accept" if is_reviewed else "Unaccept"
    return Edit(f"{verb} {_naming(document, after)}", masks=after)


def _naming(document: Document, places: Collection[Place]) -> str:
    if len(places) == 1:
        ((object_id, frame),) = places
        return f"{document.objects[object_id].name} on frame {frame}"
    return f"{len(places)} masks"


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
        step=result.step,
    )
