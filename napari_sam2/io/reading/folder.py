"""A folder of pictures as a stack, in natural order: 2.png before 10.png."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.decoding import decoding
from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.io.reading.exif import upright
from napari_sam2.io.reading.opened import Opened
from napari_sam2.io.reading.paged import PagedArray

if TYPE_CHECKING:
    import numpy.typing as npt

_TIFF = {".tif", ".tiff"}
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", *_TIFF})

_MOST_LISTED = 20

# Modes that NumPy would see as bits, palette entries or inks.
_CONVERT = {"1": "L", "P": "RGB", "PA": "RGBA", "CMYK": "RGB", "YCbCr": "RGB"}


def open_folder(path: Path) -> Opened:
    """Open a folder of PNG, JPEG, BMP or TIFF pictures, one per frame.

    Only the first picture is read; that the others have its size is checked as they
    are read.

    Raises
    ------
    StackError
        If there are no pictures, the first one cannot be read, or one is a pipe.
    """
    files = picture_files(path)
    if not files:
        raise StackError(_no_pictures(path))
    try:
        first = read_picture(files[0])
    except FrameError as error:
        raise StackError(str(error)) from error

    def read(page: int) -> npt.NDArray[Any]:
        return _alike(read_picture(files[page]), first, files[page])

    shape = (len(files), *first.shape)
    names = "iyx" if first.ndim == 2 else "iyxs"
    array = PagedArray(shape, first.dtype, first.ndim, read)
    return Opened(array, axes_from_shape(shape, names))


def open_picture(path: Path) -> Opened:
    """Open a single PNG, JPEG or BMP picture.

    Raises
    ------
    StackError
        If it cannot be read.
    """
    try:
        pixels = read_picture(path)
    except FrameError as error:
        raise StackError(str(error)) from error
    return Opened(pixels, axes_from_shape(pixels.shape, "yxs"[: pixels.ndim]))


def _no_pictures(path: Path) -> str:
    """Say what is needed, or which of the folders inside hold sequences."""
    inside = [folder for folder in _folders(path) if picture_files(folder)]
    if not inside:  # DAVIS: JPEGImages/480p/bear/00000.jpg
        deeper = [one for folder in _folders(path) for one in _folders(folder)]
        inside = [folder for folder in deeper if picture_files(folder)]
    if not inside:
        return (
            f"The folder {path} holds no pictures: PNG, JPEG, BMP or TIFF files, one "
            "per frame, are needed."
        )
    shown = ", ".join(str(folder) for folder in inside[:_MOST_LISTED])
    more = len(inside) - _MOST_LISTED
    end = f" and {more} more" if more > 0 else ""
    return (
        f"The folder {path} holds no pictures itself, but folders of pictures. Open "
        f"one of them: {shown}{end}."
    )


def _folders(path: Path) -> list[Path]:
    found = [one for one in path.iterdir() if one.is_dir()]
    return sorted(found, key=lambda folder: natural_key(folder.name))


def picture_files(path: Path) -> list[Path]:
    """List the pictures of a folder in natural order; hidden files do not count.

    Raises
    ------
    StackError
        If one is a pipe or a device, which would be waited for.
    """
    with os.scandir(path) as entries:  # which says what each is without a look at it
        found = [path / one.name for one in entries if _is_picture(one)]
    return sorted(found, key=lambda file: natural_key(file.name))


def _is_picture(entry: os.DirEntry[str]) -> bool:
    suffix = PurePath(entry.name).suffix.lower()
    if suffix not in PICTURE_SUFFIXES or entry.name.startswith("."):
        return False
    if not (entry.is_file() or entry.is_dir()) and Path(entry).exists():
        raise StackError(
            f"{entry.path} is no picture, but a pipe or a device: move it to another "
            "folder, or save what comes from it to a file."
        )
    return True


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sort key that orders numbers in a name by their value."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(p)) if p.isdecimal() else (1, p) for p in parts if p)


def read_picture(path: Path) -> npt.NDArray[Any]:
    """Read one picture file: (H, W) grey or (H, W, C) colour, as the camera was held.

    Raises
    ------
    FrameError
        If it is no picture, is damaged, or holds several.
    """
    with decoding(FrameError, f"The picture {path} could not be read"):
        is_tiff = path.suffix.lower() in _TIFF
        return _read_tiff(path) if is_tiff else _read_with_pil(path)


def _read_with_pil(path: Path) -> npt.NDArray[Any]:
    from PIL import Image

    try:
        opened = Image.open(path)
    except Image.DecompressionBombError:
        raise FrameError(
            f"The picture {path} says that it has hundreds of millions of pixels: it "
            "may be damaged. If it is that large, save it as TIFF."
        ) from None
    with opened as picture:
        mode = _CONVERT.get(picture.mode)
        pixels = np.asarray(picture.convert(mode) if mode else picture)
        return upright(pixels, picture)


def _read_tiff(path: Path) -> npt.NDArray[Any]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        if len(series) > 1:
            raise FrameError(
                f"{path} is a stack itself, of shape {series.shape}: open that file "
                "instead of its folder, or keep one picture per file."
            )
        pixels: npt.NDArray[Any] = series.asarray()
    return pixels


def _alike(
    pixels: npt.NDArray[Any], first: npt.NDArray[Any], path: Path
) -> npt.NDArray[Any]:
    if pixels.shape != first.shape:
        raise FrameError(
            f"The picture {path.name} is {_size(pixels.shape)}, but the first one of "
            f"the folder is {_size(first.shape)}: all must have the same size and "
            "colours."
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
