"""TIFF stacks of any flavour, one page at a time.

Pixel sizes are :mod:`napari_sam2.io.reading.tiff_scale`'s.
"""

from __future__ import annotations

import math
import threading
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import Axes, axes_from_shape
from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.io.reading.level import at_level, whole_pyramid
from napari_sam2.io.reading.ome_files import (
    check_promised_planes,
    opened_file_of,
    others_notices,
    own_series,
)
from napari_sam2.io.reading.ome_times import uneven_notices, uneven_times
from napari_sam2.io.reading.opened import Opened
from napari_sam2.io.reading.paged import PagedArray
from napari_sam2.io.reading.tiff_orientation import orientation_notices
from napari_sam2.io.reading.tiff_promise import promised_axes
from napari_sam2.io.reading.tiff_scale import with_pixel_sizes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt


def open_tiff(path: Path, series: int | None = None, level: int = 0) -> Opened:
    """Open one series of a TIFF file without reading its pixels.

    Parameters
    ----------
    path : Path
        A plain, ImageJ, OME or BigTIFF file; tiled and compressed ones too.
    series : int, optional
        Which of several image series; by default the first one of this file.
    level : int, optional
        Which level of a pyramid is read; it is shown with the shape of level 0.

    Raises
    ------
    StackError
        If the file is no TIFF, is empty, or has no such series or level.
    """
    import tifffile

    failed = (
        f"{path} cannot be read as a TIFF file: it may be another kind of file with "
        "this ending, be damaged, or be cut off before its first picture"
    )
    with decoding(StackError, failed), ExitStack() as until_opened:
        file = until_opened.enter_context(tifffile.TiffFile(path))
        check_promised_planes(path, file)
        count = len(file.series)
        number = own_series(file) if series is None else series
        if not count:
            raise StackError(f"{failed}.")
        if not 0 <= number < count:
            raise StackError(
                f"{path} has no series {number}: it has {count}, counted from 0."
            )
        opened = _open_series(path, file, number, level)
        if series is None:
            said = others_notices(path, file, number)
            opened = replace(opened, notices=said + opened.notices)
        until_opened.pop_all()
    return opened


def _open_series(path: Path, file: Any, number: int, level: int) -> Opened:
    promised = promised_axes(file) if number == level == 0 else None
    if promised is not None:
        said = orientation_notices(path, file.pages[0])
        return Opened(*_cut_off(path, file, promised), notices=said)
    series = file.series[number]
    said = orientation_notices(path, series.keyframe)
    axes = with_pixel_sizes(_axes(series), file, number)
    times = uneven_times(file, number, axes) if file.is_ome else None
    said += uneven_notices(path, axes, times)
    if len(series.levels) == 1 and level == 0 and _is_in_one_piece(file, series):
        return Opened(_timed(_mapped(path, file, series), times), axes, notices=said)
    lock = threading.Lock()  # one file is read through all of them
    paged = [_paged(path, one, lock) for one in series.levels]
    if 0 <= level < len(paged):  # the others are used along with it, or not at all
        paged[level] = _paged(path, series.levels[level], lock, file.close)
    array = _timed(at_level(path, paged, level), times)
    return Opened(array, axes, notices=said, levels=whole_pyramid(paged, level))


def _is_in_one_piece(file: Any, series: Any) -> bool:
    """Whether the pixels lie in this file, uncompressed and in order."""
    return series.keyframe.parent is file and series.dataoffset is not None


def _timed(array: Any, times: tuple[float, ...] | None) -> Any:
    """Let an array say when its frames were taken, as ``core.frames.times`` asks it."""
    if times is not None:
        array.frame_times = times
    return array


def _paged(
    path: Path,
    series: Any,
    lock: threading.Lock,
    close: Callable[[], object] = lambda: None,
) -> PagedArray:
    read, page_ndim = _page_reader(path, series), len(series.keyframe.shape)
    return PagedArray(series.shape, series.dtype, page_ndim, read, close, lock=lock)


def _cut_off(path: Path, file: Any, axes: Axes) -> tuple[PagedArray, Axes]:
    """Give the shape that was promised, and read what there is of it."""
    page = file.pages[0]
    axes, shape = with_pixel_sizes(axes, file, 0), tuple(axis.size for axis in axes)
    if page.compression == 1 and page.is_contiguous and len(file.pages) == 1:
        dtype = page.dtype.newbyteorder(file.byteorder)
        read = _raw_reader(path, dtype, page.dataoffsets[0], page.shape)
    else:
        read = _page_reader(path, file.pages)
    return PagedArray(shape, page.dtype, page.ndim, read, file.close), axes


def _axes(series: Any) -> Axes:
    """Name the axes as the file does, with Q for anything tifffile cannot tell."""
    names = "".join(name if name.isalpha() else "q" for name in series.axes)
    return axes_from_shape(series.shape, names)


def _mapped(path: Path, file: Any, series: Any) -> Any:
    """Map uncompressed pixels that lie in one piece into memory.

    Of a file that is cut off, what is there is read picture by picture.
    """
    dtype = series.dtype.newbyteorder(file.byteorder)
    offset, shape = series.dataoffset, series.shape
    size = file.filehandle.size
    file.close()
    if offset + dtype.itemsize * math.prod(shape) <= size:
        return np.memmap(path, dtype, "r", offset, shape)
    page_ndim = min(len(series.keyframe.shape), len(shape))
    read = _raw_reader(path, dtype, offset, shape[len(shape) - page_ndim :])
    return PagedArray(shape, dtype, page_ndim, read)


def _raw_reader(
    path: Path, dtype: np.dtype[Any], offset: int, page_shape: tuple[int, ...]
) -> Callable[[int], npt.NDArray[Any]]:
    count = math.prod(page_shape)

    def read(page: int) -> npt.NDArray[Any]:
        start = offset + page * count * dtype.itemsize
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(count * dtype.itemsize)
        if len(data) < count * dtype.itemsize:
            raise FrameError(_missing(path, page))
        return np.frombuffer(data, dtype).reshape(page_shape)

    return read


def _page_reader(path: Path, pages: Any) -> Callable[[int], npt.NDArray[Any]]:
    def read(page: int) -> npt.NDArray[Any]:
        with decoding(FrameError, _missing(path, page)):
            found = pages[page]
            if found is None or not _is_complete(found):
                raise FrameError(_missing(path, page))
            with opened_file_of(found):
                pixels: npt.NDArray[Any] = found.asarray()
        return pixels

    return read


def _is_complete(page: Any) -> bool:
    """Whether all bytes of a page are in the file: some decoders pad what is not."""
    ends = zip(page.dataoffsets, page.databytecounts, strict=False)
    return all(offset + count <= page.parent.filehandle.size for offset, count in ends)


def _missing(path: Path, page: int) -> str:
    told = (
        f"Picture {page} (counted from 0) of {path.name} is missing or damaged: the "
        "file seems to be cut off."
    )
    return f"{told} The pictures before it can be used." if page else told
