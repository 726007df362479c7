"""One edit for everything that a gesture in the prompt layers changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.frames import check_frame
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import edits
from napari_sam2.state.edit import Edit, TrackedObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place


def differences(
    before: Mapping[Place, FramePrompts], after: Mapping[Place, FramePrompts]
) -> dict[Place, FramePrompts]:
    """Return what is said afterwards wherever it differs; empty where withdrawn."""
    return {
        place: after.get(place, FramePrompts())
        for place in sorted({**before, **after})
        if before.get(place) != after.get(place)
    }


def keep_exact(
    news: Mapping[Place, FramePrompts],
    seen: Mapping[Place, FramePrompts],
    shown: Mapping[Place, FramePrompts],
) -> dict[Place, FramePrompts]:
    """Return news with the boxes that were not touched as they were first said.

    napari keeps shapes in single precision; that is no change.

    Parameters
    ----------
    news : mapping of (object_id, frame) to FramePrompts
        What the layers say now, where it differs.
    seen : mapping of (object_id, frame) to FramePrompts
        What they said before.
    shown : mapping of (object_id, frame) to FramePrompts
        What they were to show then.
    """
    nothing = FramePrompts()
    return {
        place: replace(one, box_yxyx=shown[place].box_yxyx)
        if place in shown and one.box_yxyx == seen.get(place, nothing).box_yxyx
        else one
        for place, one in news.items()
    }


def say(document: Document, news: Mapping[Place, FramePrompts]) -> Edit:
    """Replace what is said in several places, adding the objects that are missing.

    Raises
    ------
    FrameError, PromptError
        As for :func:`napari_sam2.state.edits.set_prompts`, or if prompts are withdrawn
        where they never were.
    """
    parts = []
    for place, prompts in news.items():
        if place[0] in document.objects:
            parts.append(edits.set_prompts(document, *place, prompts))
        elif prompts:
            parts.append(_first_prompts(document, place, prompts))
    return _merged(parts)


def _first_prompts(document: Document, place: Place, prompts: FramePrompts) -> Edit:
    """Return the first prompts of an object that does not exist yet."""
    object_id, frame = place
    check_frame(frame, document.frame_count)
    added = TrackedObject(object_id, f"Object {object_id}")
    what = f"{added.name} on frame {frame}"
    prompts.check(document.shape_hw, what=what, refines=True)
    return Edit(f"Prompt {what}", objects={object_id: added}, prompts={place: prompts})


def _merged(parts: list[Edit]) -> Edit:
    """Join edits of different places."""
    if len(parts) == 1:
        return parts[0]
    whole = Edit(f"Change prompts in {len(parts)} places")
    for part in parts:
        whole = replace(
            whole,
            objects={**whole.objects, **part.objects},
            prompts={**whole.prompts, **part.prompts},
            masks={**whole.masks, **part.masks},
        )
    return whole
