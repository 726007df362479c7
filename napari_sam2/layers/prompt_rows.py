"""Rows of layers as prompts, and back, and what differs. Pure functions.

A layer is always read and written whole: what napari tells of single changes differs
between its ways of making them. What is particular about boxes is in
:mod:`napari_sam2.layers.prompt_boxes`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_sam2.core.errors import PromptError
from napari_sam2.core.prompts import FramePrompts, PointPrompt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy.typing as npt
    from napari.layers import Points, Shapes

    from napari_sam2.core.prompts import BoxPrompt
    from napari_sam2.layers.coordinates import FrameSpace
    from napari_sam2.state.masks import Place

Said: TypeAlias = dict[tuple[int, int], FramePrompts]
"""Prompts by (object_id, frame)."""

OBJECT = "object"
POLARITY = "polarity"
POSITIVE = "positive"
NEGATIVE = "negative"


def point_prompts(layer: Points, space: FrameSpace) -> list[PointPrompt]:
    """Return the points of a layer, row by row.

    Raises
    ------
    PromptError
        If a point has no object or polarity, or lies beside what is tracked.
    """
    rows = zip(layer.data.tolist(), *features(layer), strict=True)
    return [
        PointPrompt(object_id, *space.to_frame(point), positive)
        for point, object_id, positive in rows
    ]


def with_prompts(
    said: Mapping[Place, FramePrompts], prompts: Iterable[PointPrompt | BoxPrompt]
) -> Said:
    """Return what was said with prompts added to it."""
    said = dict(said)
    for one in prompts:
        place = one.object_id, one.frame
        said[place] = said.get(place, FramePrompts()).with_prompt(one)
    return said


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


def differences(
    before: Mapping[Place, FramePrompts], after: Mapping[Place, FramePrompts]
) -> dict[Place, FramePrompts]:
    """Return what is said afterwards wherever it differs; empty where withdrawn."""
    return {
        place: after.get(place, FramePrompts())
        for place in sorted(_unlike(before, after))
    }


def _unlike(
    before: Mapping[Place, FramePrompts], after: Mapping[Place, FramePrompts]
) -> Iterator[Place]:
    for place in {**before, **after}:
        was, now = before.get(place), after.get(place)
        if was is not now and was != now:  # of thousands, most are the same
            yield place


def keep_exact(
    news: Mapping[Place, FramePrompts],
    seen: Mapping[Place, FramePrompts],
    shown: Mapping[Place, FramePrompts],
) -> dict[Place, FramePrompts]:
    """Return news with the boxes that were not touched as they were first said.

    napari keeps shapes in single precision; that is no change.

    Parameters
    ----------
    news : mapping of (object_id, frame) to FramePrompts
        What the layers say now, where it differs.
    seen : mapping of (object_id, frame) to FramePrompts
        What they said before.
    shown : mapping of (object_id, frame) to FramePrompts
        What they were to show then.
    """
    nothing = FramePrompts()
    return {
        place: replace(one, box_yxyx=shown[place].box_yxyx)
        if place in shown and one.box_yxyx == seen.get(place, nothing).box_yxyx
        else one
        for place, one in news.items()
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
    """Return the feature columns, (N,) each, of (object_id, is positive) rows."""
    listed = list(rows)
    polarity = [POSITIVE if positive else NEGATIVE for _, positive in listed]
    return {
        OBJECT: np.array([object_id for object_id, _ in listed], np.int64),
        POLARITY: np.array(polarity, object),
    }


def features(layer: Points | Shapes) -> tuple[list[int], list[bool]]:
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
