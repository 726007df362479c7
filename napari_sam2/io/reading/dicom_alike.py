"""Whether the slices of a DICOM series are pictures of one size, turned one way."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.io.reading.dicom_slice import Slice

# Headers round: pixel sizes that differ by less, of one part, are the same.
_SAME_SIZE = 3e-3
# So are directions, as parts of 1: a third of a degree.
_SAME_DIRECTION = 5e-3


def check_alike(path: Path, slices: Sequence[Slice]) -> None:
    """Raise unless all slices have the shape, pixel size and rows of the first.

    Slices that are cut in another direction may be among them: those are ordered
    without a place in space.

    Raises
    ------
    StackError
        If one differs; the message names it.
    """
    first = slices[0]
    for one in slices:
        if one.shape != first.shape:
            found = f"is {size_of(one)}, {_name(first, one)} is {size_of(first)}"
        elif not _has_same_spacing(one, first):
            found = f"{_spacing(one)}, {_name(first, one)} {_spacing(first)}"
        elif degrees := _turn(one, first):
            found = f"is turned by {degrees:.3g}° in its plane from {_name(first, one)}"
        else:
            continue
        raise StackError(
            f"The slices of {path} differ: {_name(one, first)} {found}. Keep those of "
            "one size, turned one way, in a folder."
        )


def has_same_direction(
    one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]
) -> bool:
    """Whether two directions, of length 1, are the same but for rounding."""
    return bool(np.allclose(one, other, rtol=0, atol=_SAME_DIRECTION))


def size_of(one: Slice) -> str:
    """Say how many pixels a slice has."""
    colours = " in colour" if len(one.shape) > 2 else ""
    return f"{one.shape[0]} × {one.shape[1]} pixels{colours}"


def _name(one: Slice, other: Slice) -> str:
    is_one_file = one.path == other.path
    return f"frame {one.frame}" if is_one_file else one.path.name


def _has_same_spacing(one: Slice, other: Slice) -> bool:
    if one.spacing is None or other.spacing is None:
        return one.spacing is other.spacing
    return bool(np.allclose(one.spacing, other.spacing, rtol=_SAME_SIZE, atol=0))


def _spacing(one: Slice) -> str:
    if one.spacing is None:
        return "does not say how large its pixels are"
    rows, columns = one.spacing
    return f"has pixels of {rows:.4g} × {columns:.4g} mm"


def _turn(one: Slice, other: Slice) -> float:
    """Return by how many degrees rows are turned in a common plane; 0 for not."""
    if one.orientation is None or other.orientation is None:
        return 0.0
    row, column = np.reshape(one.orientation, (2, 3))
    other_row, other_column = np.reshape(other.orientation, (2, 3))
    normal, other_normal = np.cross(row, column), np.cross(other_row, other_column)
    if has_same_direction(row, other_row):
        return 0.0
    if not has_same_direction(normal, other_normal):
        return 0.0
    return math.degrees(math.acos(float(np.clip(np.dot(row, other_row), -1, 1))))
