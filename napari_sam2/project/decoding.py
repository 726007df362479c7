"""From rows of a project's tables to values; nothing is taken on trust."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from napari_sam2.core.errors import ProjectError, Sam2Error
from napari_sam2.core.masks.restored import restore_mask
from napari_sam2.core.prompt_checks import LARGEST_ID
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.project.checks import (
    MOST_FRAMES,
    as_fields,
    as_flag,
    as_list,
    as_real,
    as_text,
    as_whole,
    load_json,
    optional,
)
from napari_sam2.state.edit import TrackedObject
from napari_sam2.state.mask_row import compact, make_row
from napari_sam2.state.mask_table import MaskTable
from napari_sam2.state.masks import FrameMask, Origin
from napari_sam2.state.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.state.masks import Place

Row = tuple[Any, ...]
ShapeHW = tuple[int, int]

_DEEPEST = 8
_ORIGINS = {one.value: one for one in Origin}


def read_objects(rows: Iterable[Row]) -> dict[int, TrackedObject]:
    """Return the objects by id."""
    objects = {}
    for object_id, name in rows:
        as_whole(object_id, "the number of an object", 1, LARGEST_ID)
        name = as_text(name, f"the name of object {object_id}")
        objects[object_id] = TrackedObject(object_id, name)
    return dict(sorted(objects.items()))


def read_prompts(rows: Iterable[Row]) -> dict[Place, FramePrompts]:
    """Return points and boxes by object and frame."""
    prompts = {}
    for frame, object_id, text in rows:
        place = read_place(object_id, frame)
        where = _prompts_of(place)
        prompts[place] = read_outlines(load_json(text, where), where)
        if not prompts[place]:
            raise ProjectError(f"{where} are empty.")
    return prompts


def read_masks(rows: Iterable[Row], shape_hw: ShapeHW, step_count: int) -> MaskTable:
    """Return masks by object and frame, from rows in the order of their keys.

    Those that a step gave are of one of ``step_count`` steps.
    """
    masks, spill = MaskTable(), Spill()
    for frame, on_frame in groupby(rows, itemgetter(0)):
        found = dict(_masks_on_frame(on_frame, shape_hw, step_count, spill))
        row = replace(make_row(found), is_held=True)
        masks.change({frame: compact(row, spill) if masks.are_many else row})
    return masks


def read_place(object_id: Any, frame: Any) -> Place:
    """Return (object_id, frame)."""
    return (
        as_whole(object_id, "the number of an object", 1, LARGEST_ID),
        as_whole(frame, f"a frame of object {object_id}", 0, MOST_FRAMES),
    )


def read_pixels(columns: Row, shape_hw: ShapeHW, where: str) -> PackedMask:
    """Return a mask from the columns y, x, height, width, is_deflated, pixels."""
    *numbers, is_deflated, bits = columns
    y, x, height, width = (as_whole(n, f"the box of {where}") for n in numbers)
    if type(bits) is not bytes:
        raise ProjectError(f"{where} has no pixels.")
    deflated = as_flag(is_deflated, f"is_deflated of {where}")
    try:
        return restore_mask(shape_hw, (y, x), (height, width), bits, deflated)
    except ValueError as error:
        raise ProjectError(f"{where} is damaged: {error}.") from error


def read_outlines(content: Any, where: str) -> FramePrompts:
    """Return points and box from parsed JSON."""
    fields = as_fields(content, where, {"points", "box"})
    points = [as_list(p, where, 3) for p in as_list(fields["points"], where)]
    box = fields["box"]
    if box is not None:
        box = tuple(as_real(c, where) for c in as_list(box, where, 4))
    try:
        return FramePrompts(
            points_yx=tuple(
                (as_real(y, where), as_real(x, where)) for y, x, _ in points
            ),
            positive=tuple(as_flag(positive, where) for _, _, positive in points),
            box_yxyx=cast("tuple[float, float, float, float] | None", box),
        )
    except ProjectError:
        raise
    except Sam2Error as error:
        raise ProjectError(f"{where}: {error}") from error


def _masks_on_frame(
    rows: Iterable[Row], shape_hw: ShapeHW, step_count: int, spill: Spill
) -> Iterator[tuple[int, FrameMask]]:
    for place, chain in groupby(rows, lambda row: read_place(row[1], row[0])):
        found: FrameMask | None = None
        for depth, columns in reversed(list(enumerate(chain))):
            as_whole(columns[2], "the depth of a mask", depth, min(depth, _DEEPEST))
            found = _mask(place, columns[3:], shape_hw, found)
            if found.step is not None and found.step >= step_count:
                raise ProjectError(f"step {found.step} is missing.")
            spill.keep(found.mask)
        assert found is not None
        yield place[0], found


def _mask(
    place: Place, columns: Row, shape_hw: ShapeHW, beneath: FrameMask | None
) -> FrameMask:
    where = f"the mask of object {place[0]} on frame {place[1]}"
    *pixels, origin, iou, logit, is_locked, is_reviewed, answers, step = columns
    if origin not in _ORIGINS:
        raise ProjectError(f"{where} has no known origin.")
    return FrameMask(
        read_pixels(tuple(pixels), shape_hw, where),
        _ORIGINS[origin],
        predicted_iou=_estimate(iou, where),
        object_logit=_estimate(logit, where),
        is_locked=as_flag(is_locked, where),
        is_reviewed=as_flag(is_reviewed, where),
        answers=optional(_answers, answers, _prompts_of(place)),
        beneath=beneath,
        step=optional(as_whole, step, f"the step of {where}"),
    )


def _answers(text: Any, where: str) -> FramePrompts:
    return read_outlines(load_json(text, where), where)


def _estimate(value: Any, where: str) -> float:
    """Return a number of the model's, which may be none, or infinite."""
    if value is None:
        return math.nan
    if type(value) is not float:
        raise ProjectError(f"{where} has an estimate that is no number.")
    return value


def _prompts_of(place: Place) -> str:
    return f"the prompts of object {place[0]} on frame {place[1]}"
