"""From the values of a project to rows of its tables. Pure functions."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.core.intensity import IntensityLimits
    from napari_sam2.core.packed import PackedMask
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.project.values import Choices, Project, StackGeometry
    from napari_sam2.state.masks import FrameMask, Place

Row = tuple[Any, ...]


def about_rows(project: Project) -> list[Row]:
    """Return everything about a project that is not an object, prompt or mask."""
    saved = {
        "software": dict(project.software),
        "created": project.created,
        "saved": project.saved,
    }
    parts = {
        "image": asdict(project.image),
        "stack": _stack(project.stack),
        "choices": choices_json(project.choices),
        "model": asdict(project.model),
        "saved": saved,
    }
    return [about_row(name, part) for name, part in parts.items()]


def about_row(name: str, content: object) -> Row:
    """Return a row of ``about``."""
    # ASCII, because names of files need not be proper Unicode.
    return name, json.dumps(content, ensure_ascii=True, allow_nan=False)


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


def limits_json(limits: IntensityLimits | None) -> object:
    """Return intensity limits as lists."""
    return limits and {"low": list(limits.low), "high": list(limits.high)}


def _stack(stack: StackGeometry) -> object:
    return {
        "axes": [asdict(axis) for axis in stack.axes],
        "frame_axis": stack.layout.frame,
        "plane_axes": stack.layout.plane,
        "channel_axis": stack.layout.channel,
        "at": stack.layout.fixed,
        "frame_count": stack.frame_count,
        "shape_hw": stack.shape_hw,
        "is_colour": stack.is_colour,
    }


def choices_json(choices: Choices) -> dict[str, Any]:
    """Return the choices as JSON knows them."""
    return {**asdict(choices), "limits": limits_json(choices.limits)}
