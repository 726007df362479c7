"""From the values of a project to rows of its tables. Pure functions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_sam2.core.recipe import Told
from napari_sam2.project.typed_json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.core.packed import PackedMask
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.project.values import Project
    from napari_sam2.state.masks import FrameMask, Place

Row = tuple[Any, ...]


def about_rows(project: Project) -> list[Row]:
    """Return everything about a project that is not an object, prompt or mask."""
    parts = {
        "image": project.image,
        "stack": project.stack,
        "choices": project.choices,
        "model": project.model,
        "saved": project.saved,
        "view": project.view,
        "beside": project.beside,
    }
    return [about_row(name, part) for name, part in parts.items()]


def about_row(name: str, content: object) -> Row:
    """Return a row of ``about``."""
    return name, _json(to_json(content))


def prompt_row(place: Place, prompts: FramePrompts) -> Row:
    """Return a row of ``prompts``."""
    object_id, frame = place
    return frame, object_id, _json(outlines(prompts))


def mask_rows(place: Place, mask: FrameMask) -> Iterator[Row]:
    """Yield the rows of ``masks`` for an object on a frame, what is seen first."""
    object_id, frame = place
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
        return number, _json({"kind": kind, **to_json(step)})
    said = None if step.prompts is None else outlines(step.prompts)
    place = {"object_id": step.object_id, "frame": step.frame}
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
