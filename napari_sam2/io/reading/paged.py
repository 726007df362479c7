"""An array that is read page by page, for files made of one picture after another."""

from __future__ import annotations

import threading
import weakref
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames.lazy_array import LazyArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt


class PagedArray(LazyArray):
    """A lazily read array whose last axes are stored as one page.

    Parameters
    ----------
    shape : tuple of int
        Length of every axis.
    dtype : dtype
        Type of the pixels.
    page_ndim : int
        How many of the last axes make up a page.
    read_page : callable
        Takes the number of a page, counted over the leading axes in C order, and
        returns its pixels. Called by one thread at a time.
    close : callable, optional
        Releases the file.
    frame_times : sequence of float, optional
        Times along the first axis, from its first element, where they are not even.
    lock : Lock, optional
        Held while a page is read; shared by arrays that read the same file.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: npt.DTypeLike,
        page_ndim: int,
        read_page: Callable[[int], npt.NDArray[Any]],
        close: Callable[[], object] = lambda: None,
        *,
        frame_times: Sequence[float] | None = None,
        lock: threading.Lock | None = None,
    ) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        # also when the array is no longer used: files must not stay open
        self.close = weakref.finalize(self, close)
        self.frame_times = frame_times
        self._read_page = read_page
        self._outer = shape[: len(shape) - page_ndim]
        self._page_shape = shape[len(shape) - page_ndim :]
        self._lock = lock or threading.Lock()

    def __getitem__(self, key: Any, /) -> npt.NDArray[Any]:
        """Read the pages that integers and slices pick, and those pages only."""
        keys = self.one_key_per_axis(key)
        count = len(self._outer)
        picks, inner = [self._picked(a, keys[a]) for a in range(count)], keys[count:]
        pages = [self._page(where)[inner] for where in product(*picks)]
        kept = [
            len(pick)
            for pick, k in zip(picks, keys[:count], strict=True)
            if isinstance(k, slice)
        ]
        if not kept:
            only: npt.NDArray[Any] = pages[0]
            return only
        if not pages:
            empty = np.broadcast_to(np.zeros((), self.dtype), self._page_shape)[inner]
            return np.zeros((*kept, *empty.shape), self.dtype)
        return np.stack(pages).reshape(*kept, *pages[0].shape)

    def _picked(self, axis: int, key: Any) -> range:
        size = self._outer[axis]
        if isinstance(key, slice):
            return range(size)[key]
        if not -size <= key < size:
            raise IndexError(f"index {key} is out of bounds for an axis of size {size}")
        return range(int(key) % size, int(key) % size + 1)

    def _page(self, where: tuple[int, ...]) -> npt.NDArray[Any]:
        page = 0
        for index, size in zip(where, self._outer, strict=True):
            page = page * size + index
        with self._lock:
            pixels = self._read_page(page)
        if pixels.shape != self._page_shape:
            raise FrameError(
                f"Picture {page} has shape {pixels.shape}, but the others have "
                f"{self._page_shape}: all pictures of a stack must have the same size."
            )
        if not np.can_cast(pixels.dtype, self.dtype):
            raise FrameError(
                f"Picture {page} has pixels of {pixels.dtype}, but the others have "
                f"{self.dtype}: all pictures of a stack must have the same depth."
            )
        return pixels
