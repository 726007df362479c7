"""Label planes of any orientation, put together to the volume that they lie in.

Objects may be followed along any axis of a volume, and frames come as they are found.
Files want their planes one after the other, in the volume's own order.
"""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_sam2.io.files.output import naming_output
from napari_sam2.io.files.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes

Place: TypeAlias = "tuple[int | slice, ...]"

# The part of the volume that is put together at a time.
_SLAB_BYTES = 1 << 27
_STRIP_ROWS = 64
# What lies before rows and columns, slowest first; unknown axes come before all.
_FILE_ORDER = "tcz"


def file_order(
    axes: Axes, image_axes: tuple[int, ...] = (), *, time_first: bool = False
) -> tuple[int, ...]:
    """Return the order in which axes lie in files: T, Z, Y, X, whatever was followed.

    Axes of other names come before those, in the order of the image.

    Parameters
    ----------
    axes : tuple of Axis
        Of results.
    image_axes : tuple of int, optional
        Where each of them is among those of the image; without, they are in order.
    time_first : bool, optional
        Whether other axes come behind time all the same.

    Returns
    -------
    tuple of int
        For each axis of the file, the index of the axis in ``axes``.
    """
    places = image_axes or tuple(range(len(axes)))
    names = [axis.name for axis in axes]
    is_named = names.count("y") == 1 and names.count("x") == 1
    known = f"{_FILE_ORDER}yx" if is_named else ""
    ranks = {name: rank for rank, name in enumerate(known, 1)}
    others = 0.0
    if time_first and known:
        others = ranks["t"] + 0.5
    return tuple(
        sorted(range(len(axes)), key=lambda i: (ranks.get(names[i], others), places[i]))
    )


class LabelVolume:
    """Takes planes of labels in any orientation and order; the rest is background.

    Small volumes stay in memory; what is larger goes, compressed, to a nameless file.

    Parameters
    ----------
    folder : Path
        Where that file goes.
    shape : tuple of int
        Length of every axis, rows and columns last.
    dtype : dtype
        Of the labels.
    """

    def __init__(
        self,
        folder: Path,
        shape: tuple[int, ...],
        dtype: np.dtype[np.unsignedinteger],
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self._folder = folder
        self._spool = Spool(folder)
        self._places: list[Place] = []
        count = math.prod(shape[:-2])
        self._numbers = np.arange(count).reshape(shape[:-2])

    def put(self, place: Place, labels: npt.NDArray[Any]) -> None:
        """Put a plane into the volume, over what was there.

        Parameters
        ----------
        place : tuple of int and slice
            One index for every axis of the volume, and ``slice(None)`` for two of them.
        labels : ndarray of int, shape (rows, columns)
            Along these two, in the order in which they lie in the volume.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        lengths = [n for n, at in zip(self.shape, place, strict=True) if _is_open(at)]
        if labels.shape != tuple(lengths):
            raise ValueError(f"labels {labels.shape} at {place} of {self.shape}")
        narrow = labels.astype(self.dtype, copy=False)
        strips = [
            zlib.compress(narrow[row : row + _STRIP_ROWS].tobytes(), 1)
            for row in range(0, len(narrow), _STRIP_ROWS)
        ]
        sizes = np.array([len(strip) for strip in strips], "<u4").tobytes()
        with naming_output(self._folder):
            self._spool.put(len(self._places), sizes + b"".join(strips))
        self._places.append(place)

    def planes(self) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Yield the planes that hold something, (rows, columns), in order.

        Yields
        ------
        int
            Number of the plane: the axes before rows and columns, the last one fastest.
        ndarray of int, shape (rows, columns)
            Valid until the next one is asked for.
        """
        count, rows, columns = math.prod(self.shape[:-2]), *self.shape[-2:]
        step = max(1, _SLAB_BYTES // (rows * columns * self.dtype.itemsize))
        extents = [self._planes_of(place) for place in self._places]
        for first in range(0, count, step):
            last = min(count, first + step)
            touching = [
                number
                for number, (low, high) in enumerate(extents)
                if low < last and high >= first
            ]
            if touching:
                yield from self._slab(first, last, touching)

    def close(self) -> None:
        """Throw everything away."""
        self._spool.close()

    def _planes_of(self, place: Place) -> tuple[int, int]:
        """Return the first and the last plane that a place reaches into."""
        picked = self._numbers[place[:-2]]
        return int(picked.min()), int(picked.max())

    def _slab(
        self, first: int, last: int, numbers: list[int]
    ) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        slab = np.zeros((last - first, *self.shape[-2:]), self.dtype)
        for number in numbers:
            self._draw(slab, first, number)
        for index in range(last - first):
            if slab[index].any():
                yield first + index, slab[index]

    def _draw(self, slab: npt.NDArray[Any], first: int, number: int) -> None:
        """Draw the part of a plane that lies in a slab."""
        place = self._places[number]
        *leading, row, column = place
        picked = self._numbers[tuple(leading)]
        inside = np.flatnonzero((picked >= first) & (picked < first + len(slab)))
        if not isinstance(picked, np.ndarray) or not picked.ndim:
            slab[int(picked) - first, row, column] = self._rows(number, None)
        elif picked.ndim == 2:
            labels = self._rows(number, None)
            y, x = np.unravel_index(inside, picked.shape)
            slab[picked[y, x] - first, row, column] = labels[y, x]
        elif inside.size:
            labels = self._rows(number, (int(inside[0]), int(inside[-1]) + 1))
            slab[picked[inside] - first, row, column] = labels[inside - inside[0]]

    def _rows(
        self, number: int, wanted: tuple[int, int] | None
    ) -> npt.NDArray[np.unsignedinteger]:
        """Return some rows of a plane; only the strips with these are unpacked."""
        place = self._places[number]
        lengths = [n for n, at in zip(self.shape, place, strict=True) if _is_open(at)]
        start, stop = wanted or (0, lengths[0])
        data = self._spool.get(number)
        count = -(-lengths[0] // _STRIP_ROWS)
        sizes = np.frombuffer(data, "<u4", count)
        ends = 4 * count + np.cumsum(sizes, dtype=np.int64)
        begin = start // _STRIP_ROWS
        pixels = b"".join(
            zlib.decompress(data[ends[i] - sizes[i] : ends[i]])
            for i in range(begin, -(-stop // _STRIP_ROWS))
        )
        rows = np.frombuffer(pixels, self.dtype).reshape(-1, lengths[1])
        return rows[start - begin * _STRIP_ROWS : stop - begin * _STRIP_ROWS]


def _is_open(at: int | slice) -> bool:
    return isinstance(at, slice)
