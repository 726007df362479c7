"""The summary that a person reads first: a row per stack, baselines beside it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_sam2.evaluation.baselines import BASELINES
from napari_sam2.evaluation.scores import mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.evaluation.evaluate import StackOutcome
    from napari_sam2.evaluation.scores import MethodScore

_MEASURES = {
    "start_j": "start J",
    "j": "J",
    "f": "F",
    "jf": "J&F",
    "j_present": "J present",
    "presence": "presence",
}


def summary_table(outcomes: Sequence[StackOutcome]) -> str:
    """Return a Markdown table with a row per stack and protocol, and rows of means.

    Baselines are columns of J beside those of the protocol.
    """
    rows = [_header(outcomes)]
    for method in _protocols(outcomes):
        rows += [_row(outcome, method) for outcome in outcomes]
        if len(outcomes) > 1:
            rows += _means(outcomes, method)
    return as_markdown(rows)


def as_markdown(rows: Sequence[Sequence[str]]) -> str:
    """Align cells as a Markdown table; the first row is the header.

    Columns of which the first cell below the header is a number stand to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    is_right = [_is_number(cell) for cell in rows[1]]
    lines = [_line(row, widths, is_right) for row in rows]
    rule = [
        f"{'-' * (width + 1)}:" if right else "-" * (width + 2)
        for width, right in zip(widths, is_right, strict=True)
    ]
    return "\n".join([lines[0], f"|{'|'.join(rule)}|", *lines[1:]])


def _line(cells: Sequence[str], widths: list[int], is_right: list[bool]) -> str:
    padded = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, is_right, strict=True)
    ]
    return f"| {' | '.join(padded)} |"


def _is_number(cell: str) -> bool:
    return cell == "–" or cell.replace(".", "", 1).isdecimal()


def number(value: float) -> str:
    """Write a measure with three digits after the point, or a dash for none."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def _protocols(outcomes: Sequence[StackOutcome]) -> list[str]:
    names = (m.method for outcome in outcomes for m in outcome.methods)
    return [name for name in dict.fromkeys(names) if name not in BASELINES]


def _baselines(outcomes: Sequence[StackOutcome]) -> list[str]:
    names = {m.method for outcome in outcomes for m in outcome.methods}
    return [name for name in BASELINES if name in names]


def _header(outcomes: Sequence[StackOutcome]) -> list[str]:
    baselines = [f"{name} J" for name in _baselines(outcomes)]
    return ["stack", "prompt", "objects", "frames", *_MEASURES.values(), *baselines]


def _row(outcome: StackOutcome, method: str) -> list[str]:
    score = method_score(outcome, method)
    count, frames = len(outcome.todo.ids), len(outcome.todo.frames)
    cells = [number(score.mean(measure)) for measure in _MEASURES]
    baselines = [
        number(method_score(outcome, name).mean("j")) for name in _baselines([outcome])
    ]
    return [outcome.name, method, str(count), str(frames), *cells, *baselines]


def _means(outcomes: Sequence[StackOutcome], method: str) -> list[list[str]]:
    """Return a row of means over all stacks, and one for each kind of stack."""
    kinds = list(dict.fromkeys(outcome.truth.kind for outcome in outcomes))
    rows = [
        _mean([o for o in outcomes if o.truth.kind == kind], f"mean of {kind}s", method)
        for kind in kinds
        if len(kinds) > 1
    ]
    return [*rows, _mean(outcomes, "mean", method)]


def _mean(outcomes: Sequence[StackOutcome], name: str, method: str) -> list[str]:
    def over_stacks(method: str, measure: str) -> str:
        return number(mean(method_score(o, method).mean(measure) for o in outcomes))

    objects = sum(len(outcome.todo.ids) for outcome in outcomes)
    frames = sum(len(outcome.todo.frames) for outcome in outcomes)
    cells = [over_stacks(method, measure) for measure in _MEASURES]
    baselines = [over_stacks(name, "j") for name in _baselines(outcomes)]
    return [name, method, str(objects), str(frames), *cells, *baselines]


def method_score(outcome: StackOutcome, method: str) -> MethodScore:
    """Return the score of one method on a stack."""
    return next(score for score in outcome.methods if score.method == method)
