"""Whose daughter an object is, and whose mother, that was made of several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.lineage import Descent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_sam2.state.document import Document
    from napari_sam2.state.edit import Edit, TrackedObject


def family_of_whole(
    document: Document, edit: Edit, parts: Sequence[int]
) -> Mapping[int, TrackedObject | None]:
    """Return the objects as they are once some are one, those that differ.

    The whole keeps a mother that it is not seen with, the first of its parts', and its
    parts' daughters that it is not seen with.

    Parameters
    ----------
    document : Document
    edit : Edit
        What merges them, without regard to descent.
    parts : sequence of int
        The objects; the first of them remains.
    """
    first, objects = parts[0], document.objects
    seen = _frames_of_whole(document, edit, parts)
    descents = (objects[i].descent for i in parts)
    own = next((d for d in descents if d and _may_begin(d, parts, seen)), None)
    family: dict[int, TrackedObject | None] = dict.fromkeys(parts[1:])
    for object_id, one in objects.items():
        if object_id in parts or one.descent is None or one.descent.parent not in parts:
            continue
        frame = one.descent.frame
        fits = frame > max(seen, default=-1) and (own is None or own.frame < frame)
        family[object_id] = replace(
            one, descent=Descent(first, frame) if fits else None
        )
    family[first] = replace(objects[first], descent=own)
    return {i: one for i, one in family.items() if one != objects[i]}


def _may_begin(descent: Descent, parts: Iterable[int], seen: Iterable[int]) -> bool:
    return descent.parent not in parts and descent.frame <= min(
        seen, default=descent.frame
    )


def _frames_of_whole(document: Document, edit: Edit, parts: Sequence[int]) -> set[int]:
    """Return the frames on which a whole is seen or prompted."""
    first = parts[0]
    masks = {**document.masks.of_object(first)}
    prompted = {frame for i, frame in document.prompts if i == first}
    for (object_id, frame), mask in edit.masks.items():
        if object_id == first:
            masks.pop(frame, None)
            if mask is not None:
                masks[frame] = mask
    for (object_id, frame), said in edit.prompts.items():
        if object_id == first:
            prompted.discard(frame)
            prompted |= set() if said is None else {frame}
    return prompted | {f for f, mask in masks.items() if not mask.mask.is_absent}
