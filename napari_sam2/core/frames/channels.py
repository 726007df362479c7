"""Several arrays of one shape as the channels of one, none of which is read before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.lazy_array import LazyArray, close_array
from napari_sam2.core.frames.times import frame_times

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_sam2.core.frames.source import ArrayLike


class JoinedChannels(LazyArray):
    """Arrays side by side along a last axis, the channels: lazily read.

    ``as_frame_source(JoinedChannels([red, green]))`` are frames of two channels.

    Parameters
    ----------
    arrays : sequence of array-like
        All of one shape, of any real types; NumPy, Dask, Zarr, a memory map.
    names : sequence of str, optional
        What each is called, for messages.

    Raises
    ------
    StackError
        If their shapes differ.
    """

    def __init__(
        self, arrays: Sequence[ArrayLike], names: Sequence[str] | None = None
    ) -> None:
        names = names or [f"channel {number}" for number in range(len(arrays))]
        _check_shapes([tuple(array.shape) for array in arrays], names)
        self.shape = (*arrays[0].shape, len(arrays))
        self.dtype: np.dtype[Any] = np.result_type(*(_dtype(one) for one in arrays))
        self.frame_times = frame_times(arrays[0])
        self._arrays = tuple(arrays)

    def close(self) -> None:
        """Release the files, where there are any."""
        for array in self._arrays:
            close_array(array)

    def __getitem__(self, key: Any, /) -> npt.NDArray[Any]:
        """Read what integers and slices pick; of the channels, only those."""
        keys = self.one_key_per_axis(key)
        *place, channel = keys
        if not isinstance(channel, slice):
            return self._read(self._arrays[channel], tuple(place))
        picked = [self._read(one, tuple(place)) for one in self._arrays[channel]]
        if not picked:
            return self._read(self._arrays[0], tuple(place))[..., None][..., :0]
        return np.stack(picked, axis=-1)

    def _read(self, array: ArrayLike, place: tuple[Any, ...]) -> npt.NDArray[Any]:
        return np.asarray(array[place]).astype(self.dtype, copy=False)


def _check_shapes(shapes: Sequence[tuple[int, ...]], names: Sequence[str]) -> None:
    if not shapes:
        raise StackError("There are no channels: give at least one image.")
    for shape, name in zip(shapes, names, strict=True):
        if shape != shapes[0]:
            raise StackError(
                f"Channels must be of one size, and {name} is {_size(shape)}, but "
                f"{names[0]} is {_size(shapes[0])}."
            )


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _dtype(array: ArrayLike) -> np.dtype[Any]:
    dtype: np.dtype[Any] = np.dtype(array.dtype)
    if dtype.kind not in "buif":
        raise StackError(
            f"Pixels of type {dtype} cannot be shown to the model: convert the image "
            "to integers or floating point numbers."
        )
    return dtype.newbyteorder("=")
