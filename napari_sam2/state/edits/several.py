"""Edits of objects and prompts in many places at once, as one step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.frames.source import check_frame
from napari_sam2.state.edit import Edit, TrackedObject
from napari_sam2.state.edits.objects import add_object, rename_object
from napari_sam2.state.edits.prompts import paint_masks, set_prompts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import FrameMask, Place

_NO_NAMES: Mapping[int, str] = {}


def say(
    document: Document,
    news: Mapping[Place, FramePrompts],
    *,
    names: Mapping[int, str] = _NO_NAMES,
) -> Edit:
    """Replace points and boxes in several places, adding the objects that are missing.

    Parameters
    ----------
    document : Document
    news : mapping of (object_id, frame) to FramePrompts
        Empty where everything is withdrawn; that changes nothing where nothing was
        said.
    names : mapping of int to str, optional
        Names of objects that are new.

    Raises
    ------
    FrameError, PromptError
        As for :func:`napari_sam2.state.edits.set_prompts`.
    """
    parts = []
    for place, prompts in news.items():
        if place[0] in document.objects:
            parts.append(set_prompts(document, *place, prompts))
        elif prompts:
            name = names.get(place[0]) or f"Object {place[0]}"
            parts.append(_first_prompts(document, place, prompts, name))
    return _merged(parts)


def take_over(
    document: Document,
    said: Mapping[Place, FramePrompts],
    *,
    names: Mapping[int, str] = _NO_NAMES,
) -> Edit:
    """Take over objects that are known elsewhere, with what is said about them there.

    Parameters
    ----------
    document : Document
    said : mapping of (object_id, frame) to FramePrompts
        Replaces what was said in these places; masks are painted.
    names : mapping of int to str, optional
        Of objects, also of those that nothing is said about; others keep theirs.

    Raises
    ------
    FrameError, PromptError
        As for :func:`say` and :func:`napari_sam2.state.edits.paint_masks`.
    """
    objects: dict[int, TrackedObject | None] = {}
    for object_id in dict.fromkeys((*names, *(i for i, _ in said))):
        name = names.get(object_id, "")
        if object_id not in document.objects:
            objects |= add_object(document, object_id, name).objects
        elif name:
            objects |= rename_object(document, object_id, name).objects
    drawn = {place: one for place, one in said.items() if one.mask is None}
    masks = {place: one.mask for place, one in said.items() if one.mask is not None}
    given = {object_id: names.get(object_id, "") for object_id in objects}
    parts = [
        say(document, drawn, names=names),
        paint_masks(document, masks, names=given),
        Edit("", objects),
    ]
    return replace(_merged(parts), label="Take prompts over")


def _first_prompts(
    document: Document, place: Place, prompts: FramePrompts, name: str
) -> Edit:
    """Return the first prompts of an object that does not exist yet."""
    object_id, frame = place
    check_frame(frame, document.frame_count)
    what = f"{name} on frame {frame}"
    prompts.check(document.shape_hw, what=what, refines=True)
    return Edit(
        f"Prompt {what}",
        objects={object_id: TrackedObject(object_id, name)},
        prompts={place: prompts},
        masks={place: None},  # undone, the answer that comes goes as well
    )


def _merged(parts: list[Edit]) -> Edit:
    """Join edits of different places."""
    if len(parts) == 1:
        return parts[0]
    objects: dict[int, TrackedObject | None] = {}
    prompts: dict[Place, FramePrompts | None] = {}
    masks: dict[Place, FrameMask | None] = {}
    for part in parts:
        objects |= part.objects
        prompts |= part.prompts
        masks |= part.masks
    label = f"Change prompts in {len(parts)} places"
    return Edit(label, objects, prompts, masks)
