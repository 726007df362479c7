"""The axes of an array in another order, without reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.frames.lazy_array import LazyArray, close_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_sam2.core.frames.source import ArrayLike

# Viewers show the last axes as rows and columns, and have sliders for those before.
_SHOWN_ORDER = "tczyxs"


class ReorderedArray(LazyArray):
    """A lazily read array with its axes in another order.

    Parameters
    ----------
    array : array-like
    order : sequence of int
        For each axis of the result, the axis of ``array``.
    """

    def __init__(self, array: ArrayLike, order: Sequence[int]) -> None:
        self.shape = tuple(array.shape[axis] for axis in order)
        self.dtype = np.dtype(array.dtype)
        self._array, self._order = array, tuple(order)

    def close(self) -> None:
        """Release the file, where there is one."""
        close_array(self._array)

    def __getitem__(self, key: Any, /) -> npt.NDArray[Any]:
        """Read what integers and slices pick."""
        keys = self.one_key_per_axis(key)
        stored: list[Any] = [slice(None)] * self.ndim
        for axis, one in zip(self._order, keys, strict=True):
            stored[axis] = one
        pixels = np.asarray(self._array[tuple(stored)])
        kept = [
            axis
            for axis, one in zip(self._order, keys, strict=True)
            if isinstance(one, slice)
        ]
        return pixels.transpose([sorted(kept).index(axis) for axis in kept])


def shown_order(names: str) -> tuple[int, ...]:
    """Return the order of axes in which a stack is looked at: T, C, Z, Y, X, colours.

    Where an axis is of another name, the order stays as it is.
    """
    if len(set(names)) < len(names) or not set(names) <= set(_SHOWN_ORDER):
        return tuple(range(len(names)))
    return tuple(sorted(range(len(names)), key=lambda i: _SHOWN_ORDER.index(names[i])))
