"""DICOM series: a folder of slices, or a file of frames, through ``pydicom``.

How slices are put in order is :mod:`napari_sam2.io.reading.dicom_order`'s, whether they
are of one size :mod:`napari_sam2.io.reading.dicom_alike`'s.
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.io.extras import optional_package
from napari_sam2.io.reading.dicom_alike import check_alike, size_of
from napari_sam2.io.reading.dicom_order import arranged
from napari_sam2.io.reading.dicom_slice import Slice, slices_of
from napari_sam2.io.reading.opened import Opened
from napari_sam2.io.reading.paged import PagedArray
from napari_sam2.io.reading.picture_files import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.io.reading.dicom_order import Arrangement

_MAGIC_OFFSET, _MAGIC = 128, b"DICM"
_SUFFIXES = {".dcm", ".dicom", ".ima"}
# A folder of something else is not searched to its end for DICOM files.
_MOST_PROBED = 64


def is_dicom(path: Path) -> bool:
    """Whether a file is a DICOM file, or a folder holds some and no other pictures."""
    if path.is_dir():
        return _is_dicom_folder(path)
    if path.suffix.lower() in _SUFFIXES:
        return True
    if path.name.upper() == "DICOMDIR":  # a table of contents, not an image
        return False
    try:
        with path.open("rb") as file:
            file.seek(_MAGIC_OFFSET)
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def _is_dicom_folder(path: Path) -> bool:
    """Look at names first: a hundred thousand pictures are not opened for this."""
    files = list(path.iterdir())
    suffixes = {file.suffix.lower() for file in files}
    if suffixes & _SUFFIXES:
        return True
    if suffixes & PICTURE_SUFFIXES:
        return False
    unnamed = (file for file in sorted(files) if file.is_file())
    return any(map(is_dicom, islice(unnamed, _MOST_PROBED)))


def open_dicom(path: Path, series: int | None = None) -> Opened:
    """Open a series of slices, sorted by position, or a file of many frames.

    Values are those that the scanner means: rescale slope and intercept are applied.

    Parameters
    ----------
    path : Path
        A folder of slices, or one file.
    series : int, optional
        Which of several series in a folder, in the order that the message lists.

    Raises
    ------
    MissingExtraError
        If ``pydicom`` is not installed.
    StackError
        If there are several series, none, one whose slices differ in size, or one
        whose compression cannot be decoded.
    """
    pydicom = optional_package("pydicom", "medical", path)
    slices = _chosen(path, _all_series(pydicom, path), series)
    check_alike(path, slices)
    _check_decoder(path, pydicom, slices[0])
    return _opened(pydicom, arranged(path, slices))


def series_around(path: Path) -> tuple[Path, int] | None:
    """Return the folder of a slice and the number of its series there.

    None for a file that stands alone: of many frames, or the only one of its series.
    """
    pydicom = optional_package("pydicom", "medical", path)
    own = list(slices_of(pydicom, path))
    if len(own) != 1:
        return None
    for number, slices in enumerate(_all_series(pydicom, path.parent)):
        if slices[0].series_uid == own[0].series_uid:
            return (path.parent, number) if len(slices) > 1 else None
    return None


def _all_series(pydicom: Any, path: Path) -> Sequence[list[Slice]]:
    found: dict[str, list[Slice]] = defaultdict(list)
    for file in _files(path):
        for one in slices_of(pydicom, file):
            found[one.series_uid].append(one)
    if not found:
        raise StackError(f"{path} holds no DICOM images, only other DICOM files.")
    numbered = found.values()
    return sorted(numbered, key=lambda one: (one[0].series_number, one[0].series_uid))


def _files(path: Path) -> Sequence[Path]:
    if path.is_file():
        return [path]
    files = sorted(file for file in path.iterdir() if file.is_file())
    return [file for file in files if is_dicom(file)]


def _chosen(
    path: Path, ordered: Sequence[list[Slice]], series: int | None
) -> list[Slice]:
    listed = "; ".join(
        f"{number}: {one[0].description or 'without a name'} ({len(one)} "
        f"{'slice' if len(one) == 1 else 'slices'} of {size_of(one[0])})"
        for number, one in enumerate(ordered)
    )
    if series is None and len(ordered) > 1:
        raise StackError(
            f"{path} holds {len(ordered)} series. Say which with --series N (in "
            f"Python, series=N): {listed}."
        )
    number = series or 0
    if not 0 <= number < len(ordered):
        raise StackError(f"{path} has no series {number}. It has {listed}.")
    return ordered[number]


def _check_decoder(path: Path, pydicom: Any, first: Slice) -> None:
    """Raise if the pixels are compressed in a way that nothing here can decode."""
    syntax = pydicom.uid.UID(first.transfer_syntax)
    if not syntax.is_compressed:
        return
    try:
        is_available = pydicom.pixels.get_decoder(syntax).is_available
    except NotImplementedError:
        is_available = False
    if not is_available:
        raise StackError(
            f"{path} is compressed as {syntax.name}, which needs another decoder: pip "
            "install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg. Or write it "
            "uncompressed, with gdcmconv --raw for example."
        )


def _opened(pydicom: Any, arrangement: Arrangement) -> Opened:
    slices, first = arrangement.slices, arrangement.slices[0]
    dtype = _dtype(slices)

    def read(page: int) -> npt.NDArray[Any]:
        return _pixels(pydicom, slices[page], dtype)

    leading = tuple(axis.size for axis in arrangement.axes)
    array = PagedArray((*leading, *first.shape), dtype, len(first.shape), read)
    rows, columns = first.spacing or (1.0, 1.0)
    unit = "millimeter" if first.spacing else ""
    plane = [
        Axis("y", first.shape[0], rows, unit),
        Axis("x", first.shape[1], columns, unit),
    ]
    colours = [Axis("s", size) for size in first.shape[2:]]
    axes = (*arrangement.axes, *plane, *colours)
    return Opened(array, axes, arrangement.affine, arrangement.notices)


def _pixels(pydicom: Any, one: Slice, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    failed = f"The slice {one.path.name} cannot be decoded: it may be damaged"
    with decoding(FrameError, failed):
        stored = pydicom.pixels.pixel_array(one.path, index=one.frame)
        if (one.slope, one.intercept) != (1.0, 0.0):
            stored = stored.astype(np.float64) * one.slope + one.intercept
        pixels: npt.NDArray[Any] = stored.astype(dtype)
    return pixels


def _dtype(slices: Sequence[Slice]) -> np.dtype[Any]:
    """Return an integer type for the values of all slices, or float32 if it must be."""
    whole = all(
        number.is_integer() for one in slices for number in (one.slope, one.intercept)
    )
    if not whole:
        return np.dtype(np.float32)
    ends = [
        one.slope * stored + one.intercept
        for one in slices
        for stored in one.stored_range
    ]
    for kind in (np.uint8, np.int16, np.uint16, np.int32):
        if np.iinfo(kind).min <= min(ends) and max(ends) <= np.iinfo(kind).max:
            return np.dtype(kind)
    return np.dtype(np.float32 if math.isfinite(sum(ends)) else np.float64)
