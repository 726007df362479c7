"""From the values of a project to rows of its tables. Pure functions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_sam2.project.typed_json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.core.packed import PackedMask
    from napari_sam2.core.prompts import FramePrompts
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
    }
    return [about_row(name, part) for name, part in parts.items()]


def about_row(name: str, content: object) -> Row:
    """Return a row of ``about``."""
    # ASCII, because names of files need not be proper Unicode.
    return name, json.dumps(to_json(content), ensure_ascii=True, allow_nan=False)


def prompt_row(place: Place, prompts: FramePrompts) -> Row:
    """Return a row of ``prompts``."""
    object_id, frame = place
    return frame, object_id, outlines(prompts)


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
            None if one.answers is None else outlines(one.answers),
        )
        one, depth = one.beneath, depth + 1


def pixels(mask: PackedMask) -> Row:
    """Return the columns y, x, height, width, is_deflated, pixels."""
    return *mask.origin_yx, *mask.crop_hw, int(mask.is_deflated), mask.bits


def outlines(prompts: FramePrompts) -> str:
    """Return points and box as JSON."""
    if prompts.mask is not None:
        raise ValueError("a painting is kept as a mask, not as prompts")
    points = [
        [float(y), float(x), bool(positive)]
        for (y, x), positive in zip(prompts.points_yx, prompts.positive, strict=True)
    ]
    box = None if prompts.box_yxyx is None else [float(c) for c in prompts.box_yxyx]
    return json.dumps({"points": points, "box": box}, allow_nan=False)
