"""Every number, as CSV: per frame, per object, per stack, per pass."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

from napari_sam2.evaluation import cell_tracking, volumes
from napari_sam2.evaluation.scores import MEASURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari_sam2.evaluation.study import StackScore

    Row = Sequence[Any]

_VOLUME = (volumes.DICE, volumes.HD95)
_DIGITS = 6


def frame_rows(stacks: Iterable[StackScore]) -> Iterator[Row]:
    """Yield a header, then a row per stack, method, object and frame."""
    yield (
        "stack", "method", "object", "frame", "is_start", "j", "f", "true_area",
        "found_area",
    )  # fmt: skip
    for stack in stacks:
        for score in stack.methods:
            for one in score.objects:
                for frame in one.frames:
                    yield (
                        stack.name, score.method, one.object_id, frame.frame,
                        int(frame.is_start), _number(frame.j), _number(frame.f),
                        frame.true_area, frame.found_area,
                    )  # fmt: skip


def object_rows(stacks: Iterable[StackScore]) -> Iterator[Row]:
    """Yield a header, then a row per stack, method and object."""
    yield (
        "stack", "method", "object", "start_frame", "frames", "frames_present",
        *MEASURES, *_VOLUME, "unit",
    )  # fmt: skip
    for stack in stacks:
        for score in stack.methods:
            for one in score.objects:
                present = sum(frame.is_present for frame in one.counted)
                yield (
                    stack.name, score.method, one.object_id,
                    stack.todo.starts[one.object_id], len(one.counted), present,
                    *(_number(getattr(one, measure)) for measure in MEASURES),
                    *(_number(one.extra.get(measure, math.nan)) for measure in _VOLUME),
                    _unit(stack),
                )  # fmt: skip


def stack_rows(stacks: Iterable[StackScore]) -> Iterator[Row]:
    """Yield a header, then a row per stack and method."""
    measures = (*MEASURES, *_VOLUME, *cell_tracking.MEASURES)
    yield (
        "stack", "kind", "method", "objects", "objects_offered", "first_frame",
        "last_frame", *measures, "unit",
    )  # fmt: skip
    for stack in stacks:
        frames = stack.todo.frames
        for score in stack.methods:
            yield (
                stack.name, stack.kind, score.method, len(score.objects),
                stack.todo.offered, frames[0], frames[-1],
                *(_number(score.mean(measure)) for measure in measures),
                _unit(stack),
            )  # fmt: skip


def pass_rows(stacks: Iterable[StackScore]) -> Iterator[Row]:
    """Yield a header, then J after each pass of every method that makes passes."""
    yield "stack", "method", "pass", "j"
    for stack in stacks:
        for score in stack.methods:
            for number, j in enumerate(score.passes, 1):
                yield stack.name, score.method, number, _number(j)


def as_csv(rows: Iterable[Row]) -> str:
    """Write rows as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(rows)
    return text.getvalue()


def _number(value: float) -> str:
    """Write a measure; what has no number is empty."""
    return "" if math.isnan(value) else f"{value:.{_DIGITS}g}"


def _unit(stack: StackScore) -> str:
    """Return the unit of distances, where there are any."""
    return (stack.unit or "pixel") if stack.kind == "volume" else ""
