"""A folder of pictures as a stack, in natural order: 2.png before 10.png."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.io.reading.deep_png import read_deep_png
from napari_sam2.io.reading.exif import upright
from napari_sam2.io.reading.folders_inside import what_to_open
from napari_sam2.io.reading.indexed import read_indexed
from napari_sam2.io.reading.odd_pictures import odd_picture_notices
from napari_sam2.io.reading.ome_files import check_promised_planes, own_series
from napari_sam2.io.reading.opened import Opened, Wanted
from napari_sam2.io.reading.paged import PagedArray
from napari_sam2.io.reading.picture_files import TIFF_SUFFIXES, picture_files
from napari_sam2.io.reading.tiff_orientation import orientation_notices

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt
    from PIL import Image

# Modes that NumPy would see as bits, palette entries, inks, or grey and alpha.
_CONVERT = {
    "1": "L",
    "LA": "L",
    "P": "RGB",
    "PA": "RGBA",
    "CMYK": "RGB",
    "YCbCr": "RGB",
}


def open_folder(path: Path, wanted: Wanted) -> Opened:
    """Open a folder of PNG, JPEG, BMP or TIFF pictures, one per frame.

    Only the first picture is read. That the others have its size is checked as they are
    read; where their headers say otherwise, that is told before.

    Parameters
    ----------
    path : Path
    wanted : Wanted
        Says whether pictures with a palette are wanted as labels.

    Raises
    ------
    StackError
        If there are no pictures, the first one cannot be read, or one is a pipe.
    """
    files = picture_files(path)
    if not files:
        raise StackError(what_to_open(path))
    try:
        first = read_picture(files[0], indices=wanted.indices)
    except FrameError as error:
        raise StackError(str(error)) from error

    def read(page: int) -> npt.NDArray[Any]:
        picture = read_picture(files[page], indices=wanted.indices)
        return _alike(picture, first, files[page])

    shape = (len(files), *first.shape)
    names = "iyx" if first.ndim == 2 else "iyxs"
    array = PagedArray(shape, first.dtype, first.ndim, read)
    said = _notices(files[0]) + odd_picture_notices(files)
    return Opened(array, axes_from_shape(shape, names), notices=said)


def open_picture(path: Path, wanted: Wanted) -> Opened:
    """Open a single PNG, JPEG or BMP picture.

    Parameters
    ----------
    path : Path
    wanted : Wanted
        Says whether a picture with a palette is wanted as labels.

    Raises
    ------
    StackError
        If it cannot be read.
    """
    try:
        pixels = read_picture(path, indices=wanted.indices)
    except FrameError as error:
        raise StackError(str(error)) from error
    return Opened(pixels, axes_from_shape(pixels.shape, "yxs"[: pixels.ndim]))


def read_picture(path: Path, *, indices: bool = False) -> npt.NDArray[Any]:
    """Read one picture file: (H, W) grey or (H, W, C) colour, as the camera was held.

    Parameters
    ----------
    path : Path
    indices : bool, optional
        Whether a picture with a palette is read as labels, (H, W): its indices, or
        what is brighter in a mask of two greys.

    Raises
    ------
    FrameError
        If it is no picture, is damaged, or holds several.
    """
    with decoding(FrameError, f"The picture {path} could not be read"):
        is_tiff = path.suffix.lower() in TIFF_SUFFIXES
        return _read_tiff(path) if is_tiff else _read_with_pil(path, indices)


def _read_with_pil(path: Path, indices: bool) -> npt.NDArray[Any]:
    from PIL import Image

    try:
        opened = Image.open(path)
    except Image.DecompressionBombError:
        raise FrameError(
            f"The picture {path} says that it has hundreds of millions of pixels: it "
            "may be damaged. If it is that large, save it as TIFF."
        ) from None
    with opened as picture:
        _check_still(path, picture)
        if indices and picture.mode == "P":
            return upright(read_indexed(picture), picture)
        pixels: npt.NDArray[Any] | None = read_deep_png(path)
        if pixels is None:
            mode = _CONVERT.get(picture.mode)
            pixels = np.asarray(picture.convert(mode) if mode else picture)
        return upright(pixels, picture)


def _check_still(path: Path, picture: Image.Image) -> None:
    count = getattr(picture, "n_frames", 1)
    if picture.format == "PNG" and count > 1:  # in JPEG, they are views of one scene
        raise FrameError(
            f"{path} is an animation of {count} pictures: convert it to MP4, or to a "
            "folder of PNG pictures."
        )


def _read_tiff(path: Path) -> npt.NDArray[Any]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        check_promised_planes(path, file)
        series = file.series[own_series(file)]
        if len(series) > 1 or len(series.shape) > 2 + ("S" in series.axes):
            raise FrameError(
                f"{path} is a stack itself, of shape {series.shape}: open that file "
                "instead of its folder, or keep one picture per file."
            )
        pixels: npt.NDArray[Any] = series.asarray()
        if "S" in series.axes:  # in front where every colour has a plane of its own
            pixels = np.moveaxis(pixels, series.axes.index("S"), -1)
    return pixels


def _notices(path: Path) -> tuple[str, ...]:
    if path.suffix.lower() not in TIFF_SUFFIXES:
        return ()
    import tifffile

    with tifffile.TiffFile(path) as file:
        return orientation_notices(path, file.pages[0])


def _alike(
    pixels: npt.NDArray[Any], first: npt.NDArray[Any], path: Path
) -> npt.NDArray[Any]:
    if pixels.shape != first.shape:
        raise FrameError(
            f"The picture {path.name} is {_size(pixels.shape)}, but the first one of "
            f"the folder is {_size(first.shape)}: all must have the same size and "
            "colours. Convert it, or move it elsewhere."
        )
    if not np.can_cast(pixels.dtype, first.dtype):
        raise FrameError(
            f"The picture {path.name} has pixels of {pixels.dtype}, which do not fit "
            f"into those of {first.dtype} that the first one of the folder has: save "
            "all pictures with the same depth."
        )
    return pixels


def _size(shape: tuple[int, ...]) -> str:
    colours = f" with {shape[2]} colour channels" if len(shape) > 2 else ""
    return f"{shape[0]} × {shape[1]} pixels{colours}"
