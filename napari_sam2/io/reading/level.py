"""A coarser level of a pyramid, seen in the coordinates of its full resolution.

SAM 2 sees frames of 1024 pixels or less, so that reading 16,384 of them along each side
is mostly in vain. A coarser level is read instead, and here is where its pixels are
spread to those of level 0: prompts, masks, tables and files know one size only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.lazy_array import LazyArray, close_array

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.frames.source import ArrayLike


class CoarseArray(LazyArray):
    """A lazily read array with the shape of another of which it is a reduction.

    Parameters
    ----------
    coarse : array-like
        As many axes as ``shape`` has, each shorter or as long.
    shape : tuple of int
        Of level 0.
    """

    def __init__(self, coarse: ArrayLike, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.dtype = np.dtype(coarse.dtype)
        self._coarse = coarse

    def close(self) -> None:
        """Release the file, where there is one."""
        close_array(self._coarse)

    def __getitem__(self, key: Any, /) -> npt.NDArray[Any]:
        """Read what integers and slices pick, the nearest coarse pixel for each."""
        keys = self.one_key_per_axis(key)
        nearest = [self._nearest(axis, k) for axis, k in enumerate(keys)]
        pixels = np.asarray(self._coarse[tuple(read for read, _ in nearest)])
        spread = [within for _, within in nearest if within is not None]
        for axis, within in enumerate(spread):
            if not np.array_equal(within, np.arange(pixels.shape[axis])):
                pixels = pixels.take(within, axis)
        return pixels

    def _nearest(
        self, axis: int, key: Any
    ) -> tuple[int | slice, npt.NDArray[np.intp] | None]:
        """Return what to read along an axis, and where in that each pixel lies."""
        full, coarse = self.shape[axis], self._coarse.shape[axis]
        if not isinstance(key, slice):
            if not -full <= key < full:
                raise IndexError(
                    f"index {key} is out of bounds for an axis of size {full}"
                )
            return (2 * (int(key) % full) + 1) * coarse // (2 * full), None
        fine = np.arange(full, dtype=np.intp)[key]
        found = (2 * fine + 1) * coarse // (2 * full)
        if not len(found):
            return slice(0, 0), found
        start = int(found.min())
        return slice(start, int(found.max()) + 1), found - start


def whole_pyramid(levels: Sequence[ArrayLike], level: int) -> tuple[ArrayLike, ...]:
    """Return all levels that are reductions of the first, where that one is wanted.

    Parameters
    ----------
    levels : sequence of array-like
        From full resolution to the coarsest.
    level : int
        The one that is wanted: of a coarser one no pyramid is shown.

    Returns
    -------
    tuple of array-like
        Empty where there are no two.
    """
    fit = []
    for one in levels if level == 0 else ():
        if not _is_reduction(one.shape, levels[0].shape):
            break
        fit.append(one)
    return tuple(fit) if len(fit) > 1 else ()


def at_level(name: str | Path, levels: Sequence[ArrayLike], level: int) -> ArrayLike:
    """Return a level of a pyramid with the shape of its first.

    Parameters
    ----------
    name : str or Path
        Of the image, for messages.
    levels : sequence of array-like
        From full resolution to the coarsest.
    level : int

    Raises
    ------
    StackError
        If there is no such level, or it is no reduction of the first.
    """
    if not 0 <= level < len(levels):
        sizes = ", ".join(
            f"{number}: {' × '.join(map(str, one.shape))}"
            for number, one in enumerate(levels)
        )
        raise StackError(f"{name} has no level {level}. Its levels are {sizes}.")
    full, coarse = levels[0], levels[level]
    if level == 0:
        return full
    if not _is_reduction(coarse.shape, full.shape):
        raise StackError(
            f"Level {level} of {name} has shape {tuple(coarse.shape)}, which is no "
            f"reduction of {tuple(full.shape)}: use level 0."
        )
    return CoarseArray(coarse, tuple(full.shape))


def _is_reduction(coarse: tuple[int, ...], full: tuple[int, ...]) -> bool:
    return len(coarse) == len(full) and all(
        0 < small <= large for small, large in zip(coarse, full, strict=True)
    )
