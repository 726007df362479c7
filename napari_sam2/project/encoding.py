"""From the values of a project to rows of its tables. Pure functions.

What :mod:`napari_sam2.project.decoding` would refuse is refused here: work that was
saved without a word must open again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_sam2.core.recipe import Told
from napari_sam2.project import about
from napari_sam2.project.checks import load_json
from napari_sam2.project.decoding import read_objects, read_place
from napari_sam2.project.descent import with_descent
from napari_sam2.project.schema import DESCENT
from napari_sam2.project.typed_json import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.project.values import Project
    from napari_sam2.state.edit import TrackedObject
    from napari_sam2.state.masks import FrameMask, Place

Row = tuple[Any, ...]

_PARTS = {
    "image": about.read_image,
    "stack": about.read_stack,
    "choices": about.read_choices,
    "model": about.read_model,
    "saved": about.read_saved,
    "view": about.read_view,
    "beside": about.read_beside,
}
"""Everything about a project that is not an object, prompt or mask, and its reader."""


def about_rows(project: Project) -> list[Row]:
    """Return everything about a project that is not an object, prompt or mask."""
    rows = [about_row(name, getattr(project, name)) for name in _PARTS]
    for name, text in rows:
        _PARTS[name](load_json(text, f'the part "{name}"'))
    return rows


def about_row(name: str, content: object) -> Row:
    """Return a row of ``about``."""
    return name, _json(to_json(content))


def object_rows(objects: Mapping[int, TrackedObject]) -> list[Row]:
    """Return the rows of ``objects``."""
    rows = [(object_id, one.name) for object_id, one in objects.items()]
    read_objects(rows)
    return rows


def descent_rows(objects: Mapping[int, TrackedObject]) -> list[Row]:
    """Return the row of ``about`` that says who came of whom; none if nobody did."""
    found = [
        {"object_id": object_id, **to_json(one.descent)}
        for object_id, one in objects.items()
        if one.descent is not None
    ]
    with_descent(objects, found)
    return [about_row(DESCENT, found)] if found else []


def prompt_row(place: Place, prompts: FramePrompts) -> Row:
    """Return a row of ``prompts``."""
    object_id, frame = read_place(*place)
    return frame, object_id, _json(outlines(prompts))


def mask_rows(place: Place, mask: FrameMask) -> Iterator[Row]:
    """Yield the rows of ``masks`` for an object on a frame, what is seen first."""
    object_id, frame = read_place(*place)
    one: FrameMask | None = mask
    depth = 0
    while one is not None:
        yield (
            frame,
            object_id,
            depth,
            *pixels(one.mask),
            one.origin.value,
            one.predicted_iou,
            one.object_logit,
            int(one.is_locked),
            int(one.is_reviewed),
            None if one.answers is None else _json(outlines(one.answers)),
            one.step,
        )
        one, depth = one.beneath, depth + 1


def pixels(mask: PackedMask) -> Row:
    """Return the columns y, x, height, width, is_deflated, pixels."""
    return *mask.origin_yx, *mask.crop_hw, int(mask.is_deflated), mask.bits


def step_row(number: int, step: RecipeStep) -> Row:
    """Return a row of ``steps``."""
    kind = type(step).__name__.lower()
    if not isinstance(step, Told):
        text = _json({"kind": kind, **to_json(step)})
        where = f"step {number}"
        from_json(type(step), load_json(text, where), where)
        return number, text
    said = None if step.prompts is None else outlines(step.prompts)
    object_id, frame = read_place(step.object_id, step.frame)
    place = {"object_id": object_id, "frame": frame}
    return number, _json({"kind": kind, **place, "prompts": said})


def step_mask_rows(number: int, step: RecipeStep) -> Iterator[Row]:
    """Yield the rows of ``step_masks``."""
    if isinstance(step, Told):
        for role, mask in (("painted", step.painted), ("previous", step.previous)):
            if mask is not None:
                yield number, role, *pixels(mask)


def outlines(prompts: FramePrompts) -> dict[str, Any]:
    """Return points and box as JSON knows them."""
    if prompts.mask is not None:
        raise ValueError("a painting is kept as a mask, not as prompts")
    points = [
        [float(y), float(x), bool(positive)]
        for (y, x), positive in zip(prompts.points_yx, prompts.positive, strict=True)
    ]
    box = None if prompts.box_yxyx is None else [float(c) for c in prompts.box_yxyx]
    return {"points": points, "box": box}


def _json(content: object) -> str:
    # ASCII, because names of files need not be proper Unicode.
    return json.dumps(content, ensure_ascii=True, allow_nan=False)
