"""Open any file or folder as a stack, without reading its pixels.

What a file looks like inside is its reader's business; how frames are taken from a
stack is :mod:`napari_sam2.io.reading.stack_frames`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.lazy_array import close_array
from napari_sam2.core.given import check_given
from napari_sam2.io.reading.kinds import open_any
from napari_sam2.io.reading.opened import SCANNER, Wanted

if TYPE_CHECKING:
    from napari_sam2.core.axes import Axes
    from napari_sam2.core.frames.source import ArrayLike
    from napari_sam2.io.reading.opened import Affine, SpaceCodes


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """A file or folder opened as an array that is not loaded.

    Attributes
    ----------
    array : array-like
        Lazily read, with ``shape``, ``dtype`` and ``__getitem__``.
    axes : tuple of Axis
        Name, length, pixel size and unit of each axis of ``array``.
    path : Path
        Where it came from.
    dataset : str or None
        Which array inside that file, if one was named.
    affine : tuple of 3 rows of 4 float, or None
        Where a scanner's volume lies in the patient: from indices along x, y and z to
        millimetres (RAS+).
    notices : tuple of str
        Sentences for the user about what is odd, though it could be opened.
    levels : tuple of array-like
        All levels of a pyramid in their own sizes, ``array`` first; empty where there
        is no other, or where ``array`` is a coarser one.
    space_codes : tuple of int
        NIfTI's codes of the space that ``affine`` leads to, of sform and qform.
    series : int or None
        Which image of the file, or series of the folder, if one was named.
    """

    array: ArrayLike
    axes: Axes
    path: Path
    dataset: str | None = None
    affine: Affine | None = None
    notices: tuple[str, ...] = ()
    levels: tuple[ArrayLike, ...] = ()
    space_codes: SpaceCodes = SCANNER
    series: int | None = None

    @property
    def name(self) -> str:
        """File name without its ending, and the dataset if one was named."""
        name = self.path.name
        stem = name if self.path.is_dir() else Path(name).stem
        stem = Path(stem).stem if name.lower().endswith(".gz") else stem
        return f"{stem} {self.dataset.strip('/')}" if self.dataset else stem

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        return tuple(axis.size for axis in self.axes)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels, in this machine's byte order."""
        native: np.dtype[Any] = np.dtype(self.array.dtype).newbyteorder("=")
        return native

    @property
    def is_rgb(self) -> bool:
        """Whether the pictures are in colour: they have three or four samples."""
        return any(axis.name == "s" and axis.size in (3, 4) for axis in self.axes)

    def close(self) -> None:
        """Release the file; frames can no longer be read."""
        close_array(self.array)


def open_stack(
    path: str | Path,
    series: int | None = None,
    *,
    dataset: str | None = None,
    level: int = 0,
    indices: bool = False,
) -> Stack:
    """Open a file or folder as a stack, without reading its pixels.

    Parameters
    ----------
    path : str or Path
        A TIFF of any flavour, an HDF5 or NIfTI file, a video (MP4, MOV, AVI, MKV,
        WebM), a NumPy ``.npy`` file, a Zarr or OME-Zarr folder, or a folder of pictures
        or of DICOM slices. Arrays inside a file may be named behind two colons:
        ``"scan.h5::/exp/raw"``.
    series : int, optional
        Which of several images of a TIFF file, or series of a DICOM folder.
    dataset : str, optional
        Which array of an HDF5 file or Zarr folder; another way of writing two colons.
    level : int, optional
        Which level of a pyramid (OME-Zarr, TIFF) is read; 0 is full resolution. Shapes
        and coordinates are always those of level 0.
    indices : bool, optional
        Whether pictures with a palette are taken as indices, as labels are kept in
        them, and not in the colours of the palette.

    Raises
    ------
    StackError
        If the path does not exist, is of another kind, is damaged, or holds no pixels.
    MissingExtraError
        If an optional package is needed; the message says how to install it.
    """
    advice = "give the name of a file or a folder; for an array there is array_stack"
    check_given(path, str | PathLike, "path", advice, StackError)
    file, inside = split_dataset(path)
    dataset = dataset or inside
    opened = open_any(file, Wanted(series, dataset, level, indices))
    return Stack(
        opened.array,
        opened.axes,
        file,
        dataset,
        opened.affine,
        opened.notices,
        opened.levels,
        opened.space_codes,
        series,
    )


def split_dataset(path: str | Path) -> tuple[Path, str | None]:
    """Split ``scan.h5::/exp/raw`` into a file and what is named inside it."""
    file, colons, inside = str(path).rpartition("::")
    if not (colons and file) or Path(path).exists():
        return Path(path), None
    # a Path on Windows has turned the slashes around
    return Path(file), PurePath(inside).as_posix() if inside else None
