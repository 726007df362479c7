"""Tables as Markdown that is pleasant to read as it stands, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_markdown(rows: Sequence[Sequence[str]]) -> str:
    """Align cells as a Markdown table; the first row is the header.

    Columns of which the first cell below the header is a number stand to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    is_right = [is_number(cell) for cell in rows[1]]
    lines = [_line(row, widths, is_right) for row in rows]
    rule = [
        f"{'-' * (width + 1)}:" if right else "-" * (width + 2)
        for width, right in zip(widths, is_right, strict=True)
    ]
    return "\n".join([lines[0], f"|{'|'.join(rule)}|", *lines[1:]])


def is_number(cell: str) -> bool:
    """Whether a cell of a table shows a number, or that there is none."""
    return cell == "–" or cell.replace(".", "", 1).isdecimal()


def _line(cells: Sequence[str], widths: list[int], is_right: list[bool]) -> str:
    padded = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, is_right, strict=True)
    ]
    return f"| {' | '.join(padded)} |"
