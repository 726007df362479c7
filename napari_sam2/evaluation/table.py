"""The summary that a person reads first: a row per stack, baselines beside it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_sam2.evaluation import cell_tracking, volumes
from napari_sam2.evaluation.baselines import BASELINES
from napari_sam2.evaluation.markup import as_markdown
from napari_sam2.evaluation.means import mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_sam2.evaluation.study import StackScore

    Rows = list[list[str]]

_MAIN = {
    "start_j": "start J",
    "j": "J",
    "f": "F",
    "jf": "J&F",
    "j_present": "J present",
    "presence": "presence",
}
_VOLUME = {volumes.DICE: "Dice", volumes.HD95: "HD95"}
_CELLS = {measure: measure for measure in cell_tracking.MEASURES}

EXPLANATION = """\
J: overlap with the true mask, F: agreement of outlines, as the DAVIS benchmark has
them; both 1 where an object is neither there nor found. Means over the frames after the
prompted one (start J is of that one), then over objects, then over stacks. J present:
only frames on which the object is. presence: share of frames on which it is right
whether it is there."""
_BASELINES_EXPLAINED = """\
copy: the first true mask, copied. threshold: bright or dark parts, linked by overlap
from the first true mask on."""
_VOLUMES_EXPLAINED = """\
Dice and 95 % Hausdorff distance (HD95, the larger of both ways) of whole objects, from
the prompted slice on. Where an object was not found at all, it has no distance."""
_CELLS_EXPLAINED = """\
SEG, DET and TRA of the Cell Tracking Challenge, for the cells that were followed, each
from its prompted frame on. Links from mothers to daughters are not made."""
_PASSES_EXPLAINED = """\
J after each pass through the stack, with one more frame of each object corrected before
it."""


def tables(stacks: Sequence[StackScore]) -> list[tuple[Rows, str]]:
    """Return all tables that are not empty, and what explains each."""
    explained = [EXPLANATION, _BASELINES_EXPLAINED][: 2 if baselines(stacks) else 1]
    found = [
        (main_rows(stacks), "\n".join(explained)),
        (volume_rows(stacks), _VOLUMES_EXPLAINED),
        (cell_rows(stacks), _CELLS_EXPLAINED),
        (pass_rows(stacks), _PASSES_EXPLAINED),
    ]
    return [table for table in found if table[0]]


def summary(stacks: Sequence[StackScore]) -> str:
    """Return all tables, with explanations, as Markdown."""
    return "\n\n".join(
        f"{as_markdown(rows)}\n\n{explained}" for rows, explained in tables(stacks)
    )


def main_rows(stacks: Sequence[StackScore]) -> Rows:
    """Return a row per stack and prompt, then rows of means.

    Baselines are columns of J beside those of the protocol.
    """
    header = ["stack", "prompt", "objects", "frames", *_MAIN.values()]
    header += [f"{name} J" for name in baselines(stacks)]
    rows = [header]
    for method in protocols(stacks):
        rows += [_main_row(stack.name, [stack], method) for stack in stacks]
        if len(stacks) > 1:
            rows += _means(stacks, method)
    return rows


def volume_rows(stacks: Sequence[StackScore]) -> Rows:
    """Return Dice and distances of volumes, a row per stack and prompt; or nothing."""
    found = [stack for stack in stacks if stack.kind == "volume"]
    return _rows_beside(found, _VOLUME, lambda stack: stack.unit or "px", "unit")


def cell_rows(stacks: Sequence[StackScore]) -> Rows:
    """Return SEG, DET and TRA, a row per stack and prompt; or nothing."""
    found = [stack for stack in stacks if any(method.extra for method in stack.methods)]
    return _rows_beside(found, _CELLS, lambda stack: str(len(stack.todo.ids)), "cells")


def pass_rows(stacks: Sequence[StackScore]) -> Rows:
    """Return J after each pass, where there were several; or nothing."""
    passes = [
        [stack.name, score.method, *map(number, score.passes)]
        for stack in stacks
        for score in stack.methods
        if len(score.passes) > 1
    ]
    if not passes:
        return []
    most = max(map(len, passes))
    header = ["stack", "prompt", *(f"J {count}" for count in range(1, most - 1))]
    return [header, *(row + [row[-1]] * (most - len(row)) for row in passes)]


def protocols(stacks: Sequence[StackScore]) -> list[str]:
    """Return the methods that are no baselines, in their order."""
    names = (score.method for stack in stacks for score in stack.methods)
    return [name for name in dict.fromkeys(names) if name not in BASELINES]


def baselines(stacks: Sequence[StackScore]) -> list[str]:
    """Return the baselines that there are."""
    names = {score.method for stack in stacks for score in stack.methods}
    return [name for name in BASELINES if name in names]


def number(value: float, digits: int = 3) -> str:
    """Write a measure with three digits after the point, or a dash for none."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def mean_of(stacks: Sequence[StackScore], method: str, measure: str) -> float:
    """Return the mean of a measure over stacks."""
    return mean(stack.of(method).mean(measure) for stack in stacks)


def _main_row(name: str, stacks: Sequence[StackScore], method: str) -> list[str]:
    """Return the row of one stack, or the means over several."""
    objects = sum(len(stack.todo.ids) for stack in stacks)
    frames = sum(len(stack.todo.frames) for stack in stacks)
    cells = [number(mean_of(stacks, method, measure)) for measure in _MAIN]
    cells += [number(mean_of(stacks, one, "j")) for one in baselines(stacks)]
    return [name, method, str(objects), str(frames), *cells]


def _means(stacks: Sequence[StackScore], method: str) -> Rows:
    """Return a row of means over all stacks, after one for each kind of stack."""
    kinds = list(dict.fromkeys(stack.kind for stack in stacks))
    parts = {k: [stack for stack in stacks if stack.kind == k] for k in kinds}
    rows = [_main_row(f"mean of {k}s", part, method) for k, part in parts.items()]
    every = _main_row("mean", stacks, method)
    return [*rows, every] if len(kinds) > 1 else [every]


def _rows_beside(
    stacks: Sequence[StackScore],
    measures: dict[str, str],
    about: Callable[[StackScore], str],
    about_name: str,
) -> Rows:
    """Return a row per stack and prompt, with all measures of baselines beside."""
    if not stacks:
        return []
    others = baselines(stacks)
    header = ["stack", "prompt", about_name, *measures.values()]
    header += [f"{name} {shown}" for name in others for shown in measures.values()]
    rows = [header]
    for method in protocols(stacks):
        for stack in stacks:
            cells = [
                number(stack.of(name).mean(measure), 2 if measure == "hd95" else 3)
                for name in (method, *others)
                for measure in measures
            ]
            rows.append([stack.name, method, about(stack), *cells])
    return rows
