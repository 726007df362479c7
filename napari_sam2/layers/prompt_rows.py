"""Points and rectangles of layers as prompts, and back. Pure functions of layers.

A layer is always read and written whole: what napari tells of single changes differs
between its ways of making them.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import starmap, zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_sam2.core.errors import PromptError
from napari_sam2.core.prompts import BoxPrompt, FramePrompts, PointPrompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt
    from napari.layers import Points, Shapes

    from napari_sam2.layers.coordinates import FrameSpace
    from napari_sam2.state.masks import Place

Said: TypeAlias = dict[tuple[int, int], FramePrompts]
"""Prompts by (object_id, frame)."""
Corners: TypeAlias = "Sequence[npt.NDArray[np.floating]]"
"""The vertices of boxes, each (4, D), row by row."""

OBJECT = "object"
POLARITY = "polarity"
POSITIVE = "positive"
NEGATIVE = "negative"
_SMALLEST_BOX = 1.0


def point_prompts(layer: Points, space: FrameSpace) -> list[PointPrompt]:
    """Return the points of a layer, row by row.

    Raises
    ------
    PromptError
        If a point has no object or polarity, or lies beside what is tracked.
    """
    rows = zip(layer.data.tolist(), *_features(layer), strict=True)
    return [
        PointPrompt(object_id, *space.to_frame(point), positive)
        for point, object_id, positive in rows
    ]


def box_prompts(
    layer: Shapes, space: FrameSpace, at_rest: Corners = ()
) -> list[BoxPrompt]:
    """Return the boxes of a layer, row by row; turned ones as what they enclose.

    Parameters
    ----------
    layer : Shapes
    space : FrameSpace
    at_rest : sequence of ndarray, optional
        The corners of the boxes before the user took hold of one: a box of which one
        corner has moved is the box from there to the opposite corner.

    Raises
    ------
    PromptError
        If a shape is no rectangle, is too small, does not lie on one frame, or says
        where the object is not.
    """
    shapes = zip_longest(layer.data, layer.shape_type, at_rest[: len(layer.data)])
    rows = zip(starmap(_box_corners, shapes), *_features(layer), strict=True)
    return [box_prompt(space, *row) for row in rows]


def read_prompts(
    points: Points, boxes: Shapes, space: FrameSpace, at_rest: Corners = ()
) -> Said:
    """Return what both layers say; of several boxes in one place, the newest counts.

    Raises
    ------
    PromptError
        As for :func:`point_prompts` and :func:`box_prompts`.
    """
    said = with_prompts({}, point_prompts(points, space))
    return with_prompts(said, box_prompts(boxes, space, at_rest))


def with_prompts(
    said: Mapping[Place, FramePrompts], prompts: Iterable[PointPrompt | BoxPrompt]
) -> Said:
    """Return what was said with prompts added to it."""
    said = dict(said)
    for one in prompts:
        place = one.object_id, one.frame
        said[place] = said.get(place, FramePrompts()).with_prompt(one)
    return said


def are_boxes_tidy(layer: Shapes, space: FrameSpace) -> bool:
    """Whether there is one upright rectangle for each object and frame."""
    if set(layer.shape_type) - {"rectangle"}:
        return False
    object_ids, _ = _features(layer)
    plane = list(space.layout.plane)
    places = set()
    for vertices, object_id in zip(layer.data, object_ids, strict=True):
        frame, (y0, x0, y1, x1) = space.box_of(vertices)
        places.add((object_id, frame))
        corners = {(y, x) for y, x in np.asarray(vertices)[:, plane].tolist()}
        if corners != {(y0, x0), (y0, x1), (y1, x1), (y1, x0)}:
            return False
    return len(places) == len(object_ids)


def only_points(prompts: Mapping[Place, FramePrompts]) -> Said:
    """Return prompts without their boxes."""
    return {
        place: replace(one, box_yxyx=None)
        for place, one in prompts.items()
        if one.points_yx
    }


def only_boxes(prompts: Mapping[Place, FramePrompts]) -> Said:
    """Return prompts without their points."""
    return {
        place: FramePrompts(box_yxyx=one.box_yxyx)
        for place, one in prompts.items()
        if one.box_yxyx is not None
    }


def write_points(
    layer: Points, prompts: Mapping[Place, FramePrompts], space: FrameSpace
) -> None:
    """Make the layer show these points and no others."""
    rows = [
        (space.to_data(frame, point_yx), object_id, positive)
        for (object_id, frame), one in prompts.items()
        for point_yx, positive in zip(one.points_yx, one.positive, strict=True)
    ]
    layer.selected_data = set()
    layer.data = np.array([row[0] for row in rows], np.float64).reshape(-1, space.ndim)
    layer.features = feature_columns((row[1], row[2]) for row in rows)


def feature_columns(rows: Iterable[tuple[int, bool]]) -> dict[str, npt.NDArray[Any]]:
    """Return the feature columns of (object_id, is positive) rows."""
    listed = list(rows)
    polarity = [POSITIVE if positive else NEGATIVE for _, positive in listed]
    return {
        OBJECT: np.array([object_id for object_id, _ in listed], np.int64),
        POLARITY: np.array(polarity, object),
    }


def _box_corners(
    vertices: npt.NDArray[np.floating],
    shape_type: str,
    at_rest: npt.NDArray[np.floating] | None,
) -> npt.NDArray[np.floating]:
    """Return the vertices of a rectangle, or two corners of a reshaped one.

    napari calls a rectangle a polygon as soon as one of its corners is moved alone.
    """
    if shape_type == "rectangle":
        return vertices
    held = at_rest if shape_type == "polygon" else None
    if held is not None and len(vertices) == len(held):
        moved = np.flatnonzero((vertices != held).any(axis=1))
        if len(moved) <= 1:
            corner = int(moved[0]) if len(moved) else 0
            return vertices[[corner, corner - 2]]
    raise PromptError(
        f"Only rectangles can be prompts, and this is of the type {shape_type}: "
        "draw a box around the object, or paint its mask."
    )


def box_prompt(
    space: FrameSpace,
    vertices: npt.NDArray[np.floating],
    object_id: int,
    positive: bool,
) -> BoxPrompt:
    """Return a box of a layer, from two or four of its corners, (N, D).

    Raises
    ------
    PromptError
        As for :func:`box_prompts`.
    """
    if not positive:
        raise PromptError("A box says where the object is: it cannot be negative.")
    frame, (y0, x0, y1, x1) = space.box_of(vertices)
    if min(y1 - y0, x1 - x0) < _SMALLEST_BOX:
        raise PromptError(
            "This box is smaller than a pixel: drag from one corner of the object to "
            "the opposite one."
        )
    return BoxPrompt(object_id, frame, (y0, x0, y1, x1))


def _features(layer: Points | Shapes) -> tuple[list[int], list[bool]]:
    """Return the object ids and polarities of a layer's rows."""
    count = len(layer.data)  # the table may be longer, after data was set to nothing
    table = layer.features
    if OBJECT not in table or POLARITY not in table:
        raise PromptError(
            f"The layer {layer.name} needs the feature columns {OBJECT} and "
            f"{POLARITY}: they say which object a prompt is for."
        )
    object_ids = [_object_id(value) for value in table[OBJECT].tolist()[:count]]
    polarities = [_is_positive(value) for value in table[POLARITY].tolist()[:count]]
    return object_ids, polarities


def _object_id(value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if number < 1 or number != value:
        raise PromptError(
            f"{value!r} is no object: the {OBJECT} of a prompt is a whole "
            "number from 1."
        )
    return number


def _is_positive(value: Any) -> bool:
    if value not in (POSITIVE, NEGATIVE):
        raise PromptError(
            f"The {POLARITY} of a prompt is {POSITIVE} or {NEGATIVE}, not {value!r}."
        )
    return bool(value == POSITIVE)
