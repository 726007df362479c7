"""Who came of whom, as a project keeps it beside its objects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import ProjectError
from napari_sam2.core.lineage import Descent
from napari_sam2.core.prompt_checks import LARGEST_ID
from napari_sam2.project.checks import MOST_FRAMES, as_fields, as_list, as_whole
from napari_sam2.state.lineage import is_sound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.state.edit import TrackedObject

_WHERE = "the daughters of objects"


def with_descent(
    objects: Mapping[int, TrackedObject], content: Any
) -> dict[int, TrackedObject]:
    """Return objects with their parents, from parsed JSON.

    Raises
    ------
    ProjectError
        If it is none of these objects, or somebody is older than their own mother.
    """
    found = dict(objects)
    for one in as_list(content, _WHERE):
        fields = as_fields(one, _WHERE, {"object_id", "parent", "frame"})
        object_id, parent = (
            as_whole(fields[name], f"{name} of {_WHERE}", 1, LARGEST_ID)
            for name in ("object_id", "parent")
        )
        frame = as_whole(fields["frame"], f"frame of {_WHERE}", 0, MOST_FRAMES)
        if object_id not in found:
            raise ProjectError(f"object {object_id} is missing.")
        found[object_id] = replace(found[object_id], descent=Descent(parent, frame))
    if not is_sound(found):
        raise ProjectError(
            f"{_WHERE} are not there, or begin before those do that they came of."
        )
    return found
