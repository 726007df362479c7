"""What every reader is asked for, and what it returns: an array not loaded yet."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import StackError
from napari_sam2.core.given import check_given

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.axes import Axes
    from napari_sam2.core.frames.source import ArrayLike

# From indices along x, y and z to millimetres: three rows of four numbers.
Affine = tuple[tuple[float, float, float, float], ...]
# What NIfTI calls the space that the affine leads to: codes of its sform and its qform.
SpaceCodes = tuple[int, int]
SCANNER: SpaceCodes = (1, 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the images in a file is wanted.

    Attributes
    ----------
    series : int or None
        Of several images that are counted; None for the first, or the only one.
    dataset : str or None
        Path of an array inside a file that is like a folder; None for the only one.
    level : int
        Of a pyramid: 0 is full resolution.
    indices : bool
        Whether pictures with a palette are wanted as indices, as labels are kept in
        them, and not in the colours of the palette.
    """

    series: int | None = None
    dataset: str | None = None
    level: int = 0
    indices: bool = False

    def __post_init__(self) -> None:
        """Reject what counts nothing."""
        advice = "give a whole number, such as 0"
        check_given(self.series, Integral | None, "series", advice, StackError)
        check_given(self.level, Integral, "level", advice, StackError)


@dataclass(frozen=True, slots=True)
class Opened:
    """An array and its axes, as one of the readers found them.

    Attributes
    ----------
    array : array-like
        Lazily read; ``array.shape`` agrees with the axes.
    axes : tuple of Axis
        One per axis of the array, with pixel sizes where the file knows them.
    affine : tuple of 3 rows of 4 float, or None
        Where a scanner's volume lies in the patient: from indices along x, y and z to
        millimetres to the right, to the front and up (RAS+).
    notices : tuple of str
        Sentences for the user about what is odd, though it can be opened.
    levels : tuple of array-like
        All levels of a pyramid in their own sizes, the array first; empty where there
        is no other, or where the array is a coarser one.
    space_codes : tuple of int
        NIfTI's codes of the space that the affine leads to, of sform and qform.
    """

    array: ArrayLike
    axes: Axes
    affine: Affine | None = None
    notices: tuple[str, ...] = ()
    levels: tuple[ArrayLike, ...] = ()
    space_codes: SpaceCodes = SCANNER


def as_affine(matrix: npt.NDArray[Any]) -> Affine:
    """Return the first three rows of a matrix as plain numbers."""
    rows = ([float(number) for number in row] for row in matrix[:3])
    return tuple((a, b, c, d) for a, b, c, d in rows)
