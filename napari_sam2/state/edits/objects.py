"""Edits of the list of objects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.errors import PromptError
from napari_sam2.core.prompt_checks import LARGEST_ID, free_number
from napari_sam2.state.edit import Edit, TrackedObject
from napari_sam2.state.lineage import without_parents

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_sam2.state.document import Document


def new_object_id(document: Document) -> int:
    """Return the id that a new object gets: one above the largest, where it can be."""
    return free_number(document.objects)


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
        If the id is below 1, too large or taken.
    """
    if object_id is None:
        object_id = new_object_id(document)
    if not 1 <= object_id <= LARGEST_ID or object_id in document.objects:
        raise PromptError(
            f"A new object cannot have the number {object_id}: numbers go from 1 to "
            f"{LARGEST_ID}, and each is used once."
        )
    added = TrackedObject(object_id, name.strip() or f"Object {object_id}")
    return Edit(f"Add {added.name}", objects={object_id: added})


def remove_object(document: Document, object_id: int) -> Edit:
    """Remove an object with everything said about it and all its masks."""
    return remove_objects(document, (object_id,))


def remove_objects(document: Document, object_ids: Collection[int]) -> Edit:
    """Remove objects with everything said about them and all their masks.

    Their daughters stay, as objects that came of none.
    """
    names = [document.get_object(object_id).name for object_id in object_ids]
    orphans = without_parents(document.objects, object_ids)
    said = [place for place in document.prompts if place[0] in object_ids]
    seen = [(i, f) for i in object_ids for f in document.masks.of_object(i)]
    # Masks are named also where there are none yet: answers may come between undo and
    # redo, and they must not outlive the object.
    return Edit(
        f"Delete {names[0] if len(names) == 1 else f'{len(names)} objects'}",
        objects={**dict.fromkeys(object_ids), **orphans},
        prompts=dict.fromkeys(said),
        masks=dict.fromkeys((*said, *seen)),
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
