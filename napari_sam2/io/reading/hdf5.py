"""Datasets in HDF5 files, read part by part, through the optional ``h5py``."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import Axes, axes_from_shape
from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.core.frames.lazy_array import LazyArray
from napari_sam2.core.unnamed_axes import guess_axis_names
from napari_sam2.io.extras import optional_package
from napari_sam2.io.reading.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

# A frame often crosses chunks that hold many: decoded ones are kept for the next frame.
_CACHE_BYTES = 1 << 26
_MOST_LISTED = 20
_SMALLEST_SIDE = 8
# What a compressed chunk may be longer than its pixels.
_SPARE_BYTES = 1 << 12


class Hdf5Array(LazyArray):
    """A dataset with the file that it is in, so that both are closed together.

    Parameters
    ----------
    file : h5py.File
    dataset : h5py.Dataset
    """

    def __init__(self, file: Any, dataset: Any) -> None:
        self.shape: tuple[int, ...] = tuple(dataset.shape)
        self.dtype: np.dtype[Any] = np.dtype(dataset.dtype)
        self._file, self._dataset = file, dataset

    def __getitem__(self, key: Any, /) -> npt.NDArray[Any]:
        """Read a part.

        Raises
        ------
        FrameError
            If a chunk is so much longer than its pixels that it cannot be right.
        """
        keys = self.one_key_per_axis(key)
        if self._dataset.chunks is not None:
            self._check_chunks(keys)
        pixels: npt.NDArray[Any] = self._dataset[keys]
        return pixels

    def _check_chunks(self, keys: tuple[Any, ...]) -> None:
        """Refuse what cannot come from compressing, before it is decompressed."""
        if not self._too_long:
            return
        keys = keys + (slice(None),) * (self.ndim - len(keys))
        picked = [
            {index // size * size for index in _picked(key, length)}
            for key, length, size in zip(
                keys, self.shape, self._dataset.chunks, strict=True
            )
        ]
        for origin, stored in self._too_long.items():
            if all(at in some for at, some in zip(origin, picked, strict=True)):
                raise FrameError(
                    f"The chunk at {origin} is {stored} bytes long, and must not be "
                    f"longer than {self._most_bytes}: it is damaged."
                )

    @cached_property
    def _too_long(self) -> dict[tuple[int, ...], int]:
        """The bytes of chunks that are too long, by origin.

        All are asked for at once: for each one alone, HDF5 searches all before it.
        """
        found = {}

        def note(chunk: Any) -> None:
            if chunk.size > self._most_bytes:
                found[tuple(chunk.chunk_offset)] = chunk.size

        # Not where HDF5 is older than 1.12.3; what it decodes then is not looked at.
        each = getattr(self._dataset.id, "chunk_iter", None)
        if each is not None:
            each(note)
        return found

    @property
    def _most_bytes(self) -> int:
        sizes: tuple[int, ...] = self._dataset.chunks
        return 2 * math.prod(sizes) * self.dtype.itemsize + _SPARE_BYTES

    def close(self) -> None:
        """Release the file."""
        self._file.close()


def _picked(key: Any, length: int) -> range:
    if isinstance(key, slice):
        return range(length)[key]
    return range(length)[key : key + 1] if key >= 0 else range(length)[key:][:1]


def open_hdf5(path: Path, dataset: str | None = None) -> Opened:
    """Open a dataset of an HDF5 file.

    Parameters
    ----------
    path : Path
    dataset : str, optional
        Its path inside the file, such as ``/exp/raw``; may be left out when only one
        dataset looks like an image.

    Raises
    ------
    MissingExtraError
        If ``h5py``, or the plug-in that decodes the dataset, is not installed.
    StackError
        If there is no such dataset, none at all, or several to choose from.
    """
    h5py = optional_package("h5py", "hdf5", path)
    file = h5py.File(path, "r", rdcc_nbytes=_CACHE_BYTES)
    try:
        found = _only_image(path, file) if dataset is None else _named(file, dataset)
        _check_filters(path, h5py, found)
        return Opened(Hdf5Array(file, found), _axes(found))
    except BaseException:
        file.close()
        raise


def image_datasets(path: Path) -> tuple[str, ...]:
    """Name all datasets of a file that look like images.

    Raises
    ------
    MissingExtraError
        If ``h5py`` is not installed.
    StackError
        If it is no HDF5 file.
    """
    h5py = optional_package("h5py", "hdf5", path)
    with (
        decoding(StackError, f"{path} cannot be read as an HDF5 file"),
        h5py.File(path, "r") as file,
    ):
        return tuple(str(one.name) for one in _images(file))


def _named(file: Any, name: str) -> Any:
    """Return the dataset of that name, or the only one in the group of that name."""
    try:
        node = file[name]
    except (KeyError, ValueError):
        node = None
    if node is None:
        raise StackError(
            f"{file.filename} has no dataset {name}. {_list(_images(file))}"
        )
    if not hasattr(node, "dtype"):
        return _only_image(f"{name} of {file.filename}", node)
    if not _is_image(node):
        raise StackError(
            f"The dataset {name} of {file.filename} is no image: its shape is "
            f"{node.shape}, its type {node.dtype}. {_list(_images(file))}"
        )
    return node


def _only_image(where: Path | str, group: Any) -> Any:
    images = _images(group)
    if len(images) != 1:
        raise StackError(
            f"{where} holds {len(images) or 'no'} datasets that look like images. "
            f"{_list(images)}"
        )
    return images[0]


def _images(group: Any) -> Sequence[Any]:
    found = []

    def note(_: str, node: Any) -> None:
        if hasattr(node, "dtype") and _is_image(node):
            found.append(node)

    group.visititems(note)
    return found


def _is_image(dataset: Any) -> bool:
    shape = dataset.shape or ()
    large = [size for size in shape if size >= _SMALLEST_SIDE]
    return dataset.dtype.kind in "buif" and len(shape) >= 2 and len(large) >= 2


def _list(images: Sequence[Any]) -> str:
    if not images:
        return "An image has two axes or more, of numbers."
    shown = ", ".join(
        f"{one.name} ({' × '.join(map(str, one.shape))}, {one.dtype})"
        for one in images[:_MOST_LISTED]
    )
    more = len(images) - _MOST_LISTED
    end = f" and {more} more" if more > 0 else ""
    file = images[0].file.filename
    return f"Choose one as {file}::{images[0].name}; there are {shown}{end}."


def _check_filters(path: Path, h5py: Any, dataset: Any) -> None:
    plist = dataset.id.get_create_plist()
    for number in range(plist.get_nfilters()):
        code, _, _, name = plist.get_filter(number)
        if not h5py.h5z.filter_avail(code):
            label = name.decode(errors="replace") or code
            raise StackError(
                f"{path} is compressed with {label}, which h5py cannot decode by "
                "itself: pip install hdf5plugin, and import it before opening, or save "
                "the file with gzip compression."
            )


def _axes(dataset: Any) -> Axes:
    shape = tuple(dataset.shape)
    axes = axes_from_shape(shape, _labels(dataset) or guess_axis_names(shape))
    sizes = dataset.attrs.get("element_size_um")  # what ImageJ and ilastik write: z,y,x
    if sizes is None or len(np.ravel(sizes)) != 3:
        return axes
    by_name = dict(zip("zyx", map(float, np.ravel(sizes)), strict=True))
    return tuple(
        replace(axis, scale=size, unit="micrometer")
        if math.isfinite(size := by_name.get(axis.name, 0.0)) and size > 0
        else axis
        for axis in axes
    )


def _labels(dataset: Any) -> str | None:
    """Return one letter per axis, as HDF5's dimension labels or ilastik give them."""
    labels = [dimension.label.lower() for dimension in dataset.dims]
    try:
        tags = json.loads(dataset.attrs.get("axistags", "{}")).get("axes", [])
        labels = [str(tag["key"]).lower() for tag in tags] or labels
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    usable = len(labels) == len(dataset.shape) and len(set(labels)) == len(labels)
    if usable and all(len(label) == 1 and label.isalpha() for label in labels):
        return "".join(labels)
    return None
