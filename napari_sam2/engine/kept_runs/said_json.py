"""What was said of an object, and where it was seen, as JSON and back, checked."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any, cast

from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.masks.restored import restore_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine.views.view import View
from napari_sam2.engine.views.window import Sighting

if TYPE_CHECKING:
    from napari_sam2.engine.objects.track import Said

    ShapeHW = tuple[int, int]


def said_json(said: Said) -> dict[str, Any]:
    """Return points and box, or a mask, as JSON knows them."""
    if isinstance(said, PackedMask):
        return {
            "origin": said.origin_yx,
            "size": said.crop_hw,
            "bits": base64.b64encode(said.bits).decode(),
            "is_deflated": said.is_deflated,
        }
    box = said.box_yxyx
    return {
        "points": said.points_yx,
        "positive": said.positive,
        "box": box and list(map(float, box)),
    }


def said_from(content: dict[str, Any], shape_hw: ShapeHW) -> Said:
    """Return what was said, from parsed JSON of any origin.

    Raises
    ------
    ValueError, KeyError, TypeError, Sam2Error
        If it is not that.
    """
    if "bits" in content:
        (y, x), (height, width) = content["origin"], content["size"]
        bits = base64.b64decode(content["bits"], validate=True)
        is_deflated = bool(content["is_deflated"])
        return restore_mask(shape_hw, (y, x), (height, width), bits, is_deflated)
    box = content["box"]
    return FramePrompts(
        points_yx=tuple((y, x) for y, x in content["points"]),
        positive=tuple(map(bool, content["positive"])),
        box_yxyx=cast("Any", None if box is None else tuple(box)),
    )


def sighting_json(seen: Sighting) -> dict[str, Any]:
    """Return where an object was seen, as JSON knows it, but for infinity."""
    return {
        "view": tuple(map(int, seen.view)),
        "box_yxyx": seen.box_yxyx and list(map(float, seen.box_yxyx)),
        "context": float(seen.context),
        "missed": int(seen.missed),
    }


def sighting_from(content: dict[str, Any], shape_hw: ShapeHW) -> Sighting:
    """Return where an object was seen, from parsed JSON of any origin.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is not that, or lies outside the frame.
    """
    view, box = view_from(content["view"], shape_hw), content["box_yxyx"]
    if box is not None:
        y0, x0, y1, x1 = map(float, box)
        if not all(map(math.isfinite, (y0, x0, y1, x1))):
            raise ValueError("a box lies nowhere")
        box = y0, x0, y1, x1
    context, missed = float(content["context"]), int(content["missed"])
    if not (context > 0 and missed >= 0):
        raise ValueError("an object was never seen like that")
    return Sighting(view, box, context, missed)


def view_from(content: list[int], shape_hw: ShapeHW) -> View:
    """Return a view, from parsed JSON of any origin; ValueError outside the frame."""
    view = View(*map(int, content))
    is_inside = (
        min(view.y, view.x, view.height - 1, view.width - 1) >= 0
        and view.y + view.height <= shape_hw[0]
        and view.x + view.width <= shape_hw[1]
    )
    if not is_inside:
        raise ValueError("a view lies outside the frame")
    return view
