"""A stopwatch for two sides that take turns, and the table of what it shows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    case, measure, unit : str
        What was measured, and in what.
    reference, ours : float
        Medians; less is better.
    note : str
        Anything that a reader must know to judge the numbers.
    """

    case: str
    measure: str
    unit: str
    reference: float
    ours: float
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times less ours is."""
        return self.reference / self.ours


def seconds(work: Callable[[], Any]) -> float:
    """Time one call, and what it left a GPU to do."""
    _finish()
    begin = time.perf_counter()
    work()
    _finish()
    return time.perf_counter() - begin


def _finish() -> None:
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


def take_turns(
    reference: Callable[[], Any], ours: Callable[[], Any], repeats: int
) -> tuple[float, float]:
    """Return both medians of ``repeats`` calls, made alternately after a warm-up."""
    reference()
    ours()
    pairs = [(seconds(reference), seconds(ours)) for _ in range(repeats)]
    theirs, mine = zip(*pairs, strict=True)
    return median(theirs), median(mine)


def line(row: Row) -> str:
    """Lay one row out as a line of a Markdown table."""
    before, after = (f"{v:,.3g} {row.unit}" for v in (row.reference, row.ours))
    return f"| {row.case} | {row.measure} | {before} | {after} | {row.ratio:,.2f} × |"


def table(rows: list[Row]) -> str:
    """Lay rows out as a Markdown table, with their notes below."""
    lines = [
        "| case | measured | sam2 1.1.0 | napari-sam2 | ratio |",
        "|---|---|--:|--:|--:|",
    ]
    lines += map(line, rows)
    notes = [f"- {row.case}, {row.measure}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, "", *notes])
