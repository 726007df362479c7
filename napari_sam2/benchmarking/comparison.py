"""What two sides took for the same work, as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
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
