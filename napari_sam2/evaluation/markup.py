"""Tables in Markdown and HTML, and other pieces of HTML."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

_QUALITY = 85


def as_markdown(rows: Sequence[Sequence[str]]) -> str:
    """Align cells as a Markdown table; the first row is the header.

    Columns of which the first cell below the header is a number stand to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    is_right = [is_number(cell) for cell in rows[1]]
    lines = [_markdown_line(row, widths, is_right) for row in rows]
    rule = [
        f"{'-' * (width + 1)}:" if right else "-" * (width + 2)
        for width, right in zip(widths, is_right, strict=True)
    ]
    return "\n".join([lines[0], f"|{'|'.join(rule)}|", *lines[1:]])


def is_number(cell: str) -> bool:
    """Whether a cell of a table shows a number, or that there is none."""
    return cell == "–" or cell.replace(".", "", 1).isdecimal()


def _markdown_line(
    cells: Sequence[str], widths: list[int], is_right: list[bool]
) -> str:
    padded = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, is_right, strict=True)
    ]
    return f"| {' | '.join(padded)} |"


def card(inside: str, anchor: str = "") -> str:
    """Return a part of a page that stands apart from others."""
    place = f' id="{anchor}"' if anchor else ""
    return f'<section class="card"{place}>\n{inside}\n</section>'


def html_table(rows: Sequence[Sequence[str]], links: Mapping[str, str]) -> str:
    """Return a table; the first row is the header.

    Parameters
    ----------
    rows : sequence of sequence of str
        Plain text. Rows of means, which begin with that word, stand out.
    links : mapping of str to str
        Where the text of a first cell leads to.
    """
    classes = [("" if is_number(cell) else ' class="word"') for cell in rows[1]]
    lines = [_html_row("th", rows[0], classes, {})]
    for row in rows[1:]:
        line = _html_row("td", row, classes, links)
        is_mean = row[0].startswith("mean") and row[0] not in links
        lines.append(line.replace("<tr>", '<tr class="mean">') if is_mean else line)
    return "<table>\n{}\n</table>".format("\n".join(lines))


def _html_row(
    tag: str, cells: Sequence[str], classes: Sequence[str], links: Mapping[str, str]
) -> str:
    shown = [escape(cell) for cell in cells]
    if cells[0] in links:
        shown[0] = f'<a href="{links[cells[0]]}">{shown[0]}</a>'
    inside = "".join(
        f"<{tag}{kind}>{cell}</{tag}>"
        for cell, kind in zip(shown, classes, strict=True)
    )
    return f"<tr>{inside}</tr>"


def picture_source(pixels: npt.NDArray[np.uint8], *, exact: bool = False) -> str:
    """Return a picture, (H, W, 3) or (H, W, 4), as the address of an ``<img>``.

    Parameters
    ----------
    pixels : ndarray of uint8
    exact : bool, optional
        Keep every pixel, as PNG; else JPEG, which is smaller.
    """
    from PIL import Image

    file = io.BytesIO()
    kind = "png" if exact else "jpeg"
    Image.fromarray(pixels).save(file, kind, quality=_QUALITY, optimize=True)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return f"data:image/{kind};base64,{data}"
