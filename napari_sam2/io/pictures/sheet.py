"""Many pictures on one sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_GAP = 6
_BACKGROUND = 24
# Sheets look best about as wide as a screen.
_ASPECT = 1.6


def spread(items: Sequence[int], count: int) -> list[int]:
    """Return at most ``count`` of the items, evenly spread, first and last included."""
    if len(items) <= count:
        return list(items)
    return [items[i] for i in np.linspace(0, len(items) - 1, count).round().astype(int)]


def grid(count: int, shape_hw: tuple[int, int]) -> tuple[int, int]:
    """Return (rows, columns) for a sheet of pictures, with few places left empty."""

    def badness(columns: int) -> float:
        rows = -(-count // columns)
        aspect = columns * shape_hw[1] / (rows * shape_hw[0])
        empty = (rows * columns - count) / count
        return float(abs(np.log(aspect / _ASPECT)) + empty)

    columns = min(range(1, count + 1), key=badness)
    return -(-count // columns), columns


def contact_sheet(pictures: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    """Lay pictures of one size out in rows.

    Parameters
    ----------
    pictures : sequence of ndarray of uint8, shape (H, W, 3)

    Returns
    -------
    ndarray of uint8, shape (H', W', 3)
    """
    height, width = pictures[0].shape[:2]
    rows, columns = grid(len(pictures), (height, width))
    size = rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3
    sheet = np.full(size, _BACKGROUND, np.uint8)
    for index, picture in enumerate(pictures):
        y = _GAP + index // columns * (height + _GAP)
        x = _GAP + index % columns * (width + _GAP)
        sheet[y : y + height, x : x + width] = picture
    return sheet
