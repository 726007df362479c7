"""NumPy's ``.npy`` files, memory-mapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.core.unnamed_axes import guess_axis_names
from napari_sam2.io.reading.opened import Opened

if TYPE_CHECKING:
    from pathlib import Path


def open_npy(path: Path) -> Opened:
    """Map a ``.npy`` file into memory without reading it.

    Raises
    ------
    StackError
        If it is no such file, is truncated, or holds pickled Python objects, which
        could run code.
    """
    failed = (
        f"{path} cannot be opened as a NumPy array: it is truncated, holds Python "
        "objects, or is no .npy file"
    )
    # A header may promise more than can be counted; that it is wrong is told below.
    with decoding(StackError, failed), np.errstate(over="ignore"):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.ndim < 2:
        raise StackError(f"{path} holds no picture: it needs at least two axes.")
    return Opened(array, axes_from_shape(array.shape, guess_axis_names(array.shape)))
