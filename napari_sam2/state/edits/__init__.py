"""The edits that users and runs make, as pure functions of the document.

Each checks what it is given, raises a sentence when it cannot be done, and returns an
:class:`~napari_sam2.state.edit.Edit` without changing anything.
"""

from napari_sam2.state.edits.dividing import divide_object
from napari_sam2.state.edits.merging import merge_objects
from napari_sam2.state.edits.objects import (
    add_object,
    new_object_id,
    remove_object,
    remove_objects,
    rename_object,
)
from napari_sam2.state.edits.prompts import (
    mark_absent,
    paint_mask,
    paint_masks,
    set_prompts,
)
from napari_sam2.state.edits.results import (
    clear_masks,
    expect_answers,
    set_answer,
    set_answers,
    set_flags,
    set_results,
)
from napari_sam2.state.edits.several import say, take_over

__all__ = [
    "add_object",
    "clear_masks",
    "divide_object",
    "expect_answers",
    "mark_absent",
    "merge_objects",
    "new_object_id",
    "paint_mask",
    "paint_masks",
    "remove_object",
    "remove_objects",
    "rename_object",
    "say",
    "set_answer",
    "set_answers",
    "set_flags",
    "set_prompts",
    "set_results",
    "take_over",
]
