"""The array of a label image of a whole stack, which may be larger than the memory."""

from __future__ import annotations

import math
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.layers.coordinates import FrameSpace

_LARGEST_SHARE = 0.5


def make_label_array(
    space: FrameSpace, dtype: npt.DTypeLike, *, memory_bytes: int | None = None
) -> npt.NDArray[Any]:
    """Return an array of zeros for the labels of all frames, in the image's axis order.

    Frames take memory from when they are first written to. An array of more than half
    of the free memory lives in a temporary file without a name, which takes disk space
    only where it is written to, and is gone with the array. Axes of channels have their
    full length but share their pixels: objects are seen, and painted, in all channels.

    Parameters
    ----------
    space : FrameSpace
    dtype : dtype
        An unsigned integer type.
    memory_bytes : int, optional
        Free memory; asked of the system by default.
    """
    shape = space.label_shape()
    size = math.prod(shape) * np.dtype(dtype).itemsize
    free = psutil.virtual_memory().available if memory_bytes is None else memory_bytes
    if size > _LARGEST_SHARE * free:
        labels = _on_disk(shape, dtype)
    else:
        try:
            labels = np.zeros(shape, dtype)
        except MemoryError:
            labels = _on_disk(shape, dtype)
    return _shared_by_channels(labels, space)


def _on_disk(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype, "w+", shape=shape)


def _shared_by_channels(
    labels: npt.NDArray[Any], space: FrameSpace
) -> npt.NDArray[Any]:
    axis = space.layout.channel
    if axis is None:
        return labels
    shape, strides = list(labels.shape), list(labels.strides)
    shape[axis], strides[axis] = space.shape[axis], 0
    return np.lib.stride_tricks.as_strided(labels, shape, strides)
