"""Which reader opens which file or folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.io.files.zarr_folder import is_zarr
from napari_sam2.io.reading.dicom import is_dicom, open_dicom
from napari_sam2.io.reading.folder import open_folder, open_picture
from napari_sam2.io.reading.hdf5 import open_hdf5
from napari_sam2.io.reading.nifti import open_nifti
from napari_sam2.io.reading.npy import open_npy
from napari_sam2.io.reading.picture_files import PICTURE_SUFFIXES
from napari_sam2.io.reading.tiff import open_tiff
from napari_sam2.io.reading.video import open_video
from napari_sam2.io.reading.zarr import open_zarr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_sam2.io.reading.opened import Opened, Wanted


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file or folder.

    Attributes
    ----------
    name : str
        As it is called in sentences.
    open : callable
        The reader.
    suffixes : frozenset of str
        Endings of file names, in lower case; empty for folders.
    choices : frozenset of str
        The fields of ``Wanted`` that mean something for it.
    """

    name: str
    open: Callable[[Path, Wanted], Opened]
    suffixes: frozenset[str] = frozenset()
    choices: frozenset[str] = frozenset()


_FILES = (
    Kind(
        "a TIFF file",
        lambda path, wanted: open_tiff(path, wanted.series, wanted.level),
        frozenset({".tif", ".tiff", ".btf", ".tf8", ".lsm", ".stk"}),
        frozenset({"series", "level"}),
    ),
    Kind(
        "a video",
        lambda path, _: open_video(path),
        frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm"}),
    ),
    Kind("a NumPy file", lambda path, _: open_npy(path), frozenset({".npy"})),
    Kind(
        "an HDF5 file",
        lambda path, wanted: open_hdf5(path, wanted.dataset),
        frozenset({".h5", ".hdf5", ".hdf", ".ims"}),
        frozenset({"dataset"}),
    ),
    Kind(
        "a NIfTI file",
        lambda path, _: open_nifti(path),
        frozenset({".nii", ".nii.gz"}),
    ),
    Kind("a picture", open_picture, PICTURE_SUFFIXES),
)
_ZARR = Kind(
    "a Zarr folder",
    lambda path, wanted: open_zarr(path, wanted),
    choices=frozenset({"series", "dataset", "level"}),
)
_DICOM = Kind(
    "DICOM",
    lambda path, wanted: open_dicom(path, wanted.series),
    frozenset({".dcm", ".dicom"}),
    frozenset({"series"}),
)
_PICTURES = Kind("a folder of pictures", open_folder)

_ANIMATIONS = ".gif", ".webp", ".apng"

SUFFIXES = frozenset({".zarr"}).union(*(kind.suffixes for kind in _FILES))
"""Endings of the names of stacks, in lower case; folders need none."""


def open_any(path: Path, wanted: Wanted) -> Opened:
    """Open a file or folder with the reader of its kind.

    Raises
    ------
    StackError
        If it does not exist, is of no known kind, is damaged, or has nothing of what
        is wanted.
    """
    with decoding(StackError, f"{path} cannot be opened"):
        if not path.exists():
            raise StackError(_missing(path))
        if not (path.is_file() or path.is_dir()):  # a pipe would be waited for
            raise StackError(
                f"{path} is neither a file nor a folder, but a pipe or a device: save "
                "what comes from it to a file first."
            )
        kind = _kind(path)
    _check_choices(path, kind, wanted)
    with decoding(StackError, f"{path} cannot be read as {kind.name}"):
        opened = kind.open(path, wanted)
        _check_pixels(path, opened)
    return opened


def _missing(path: Path) -> str:
    scheme, colon, rest = path.as_posix().partition(":/")
    if not colon or len(scheme) < 2 or not scheme.isalnum():  # one letter is a drive
        return f"{path} does not exist."
    return (
        f"{scheme}://{rest.lstrip('/')} is an address, and stacks are read from files: "
        "download it first."
    )


def _kind(path: Path) -> Kind:
    if path.is_dir():
        if is_zarr(path) or path.suffix.lower() == ".zarr":
            return _ZARR
        return _DICOM if is_dicom(path) else _PICTURES
    name = path.name.lower()
    for kind in (*_FILES, _DICOM):
        if name.endswith(tuple(kind.suffixes)):
            return kind
    if is_dicom(path):  # scanners often leave the ending out
        return _DICOM
    if name.endswith(_ANIMATIONS):
        raise StackError(
            f"{path} is an animation of a kind that cannot be opened: convert it to "
            "MP4, or to a folder of PNG pictures."
        )
    raise StackError(
        f"{path} is of a kind that cannot be opened. Stacks are TIFF, HDF5, NIfTI and "
        "DICOM files, videos (MP4, MOV, AVI, MKV, WebM), .npy and .zarr arrays, or "
        "folders of pictures or DICOM slices."
    )


def _check_choices(path: Path, kind: Kind, wanted: Wanted) -> None:
    chosen = {
        "series": wanted.series is not None,
        "dataset": wanted.dataset is not None,
        "level": wanted.level != 0,
    }
    for name, is_set in chosen.items():
        if is_set and name not in kind.choices:
            raise StackError(
                f"{path} is {kind.name}, which has no {name} to choose: leave it out."
            )


def _check_pixels(path: Path, opened: Opened) -> None:
    shape, dtype = tuple(opened.array.shape), np.dtype(opened.array.dtype)
    if 0 in shape:
        raise StackError(f"{path} holds no frames or no pixels: its shape is {shape}.")
    if dtype.kind not in "buif":
        raise StackError(
            f"{path} has pixels of type {dtype}, which cannot be shown to the model: "
            "convert it to integers or floating point numbers."
        )
