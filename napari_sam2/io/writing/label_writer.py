"""Label stacks written frame by frame, in any order, as compressed OME-TIFF."""

from __future__ import annotations

import logging
import math
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import Axes, axes_from_shape, resized
from napari_sam2.core.errors import FrameError, OutputError
from napari_sam2.core.frames.decoding import decoding
from napari_sam2.io.files.output import naming_output, saved_at_end
from napari_sam2.io.files.spool import Spool
from napari_sam2.io.writing.maker import MAKER
from napari_sam2.io.writing.ome import ome_xml, tells_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from napari_sam2.core.provenance import Provenance

_LOG = logging.getLogger(__name__)
_STRIP_BYTES = 1 << 20
_COMPRESSION_LEVEL = 6
_PAGE_OVERHEAD = 1024
_STRIP_OVERHEAD = 16  # its offset and length
# Offsets of a classic TIFF have 32 bits; some readers take them as signed.
_CLASSIC_LIMIT = 2**31


def label_dtype(largest_id: int) -> np.dtype[np.unsignedinteger]:
    """Return the smallest of uint8, uint16 and uint32 that holds an id."""
    for dtype in (np.uint8, np.uint16, np.uint32):
        if largest_id <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    raise OutputError(
        f"Object {largest_id} cannot be written: label images hold ids up to "
        f"{np.iinfo(np.uint32).max}."
    )


class LabelWriter:
    """Takes label images in any order; frames never written stay empty.

    Made by :func:`open_label_writer`.
    """

    def __init__(
        self,
        path: Path,
        axes: Axes,
        dtype: np.dtype[np.unsignedinteger],
        provenance: Provenance | None = None,
        times: Sequence[float] | None = None,
    ) -> None:
        self._provenance = provenance
        self._times = times
        self.axes = axes
        self.dtype = dtype
        self._path = path
        self._spool = Spool(path.parent)
        row_bytes = axes[-1].size * dtype.itemsize
        self._strip_rows = min(axes[-2].size, max(1, _STRIP_BYTES // row_bytes))

    @property
    def shape(self) -> tuple[int, ...]:
        """(frames, rows, columns), with more axes in front if there are more."""
        return tuple(axis.size for axis in self.axes)

    @property
    def frame_count(self) -> int:
        """Number of planes."""
        return math.prod(self.shape[:-2])

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of the frames in pixels."""
        return self.axes[-2].size, self.axes[-1].size

    def write(self, frame: int, labels: npt.NDArray[Any]) -> None:
        """Keep the labels of one frame, instead of earlier ones.

        Parameters
        ----------
        frame : int
            0-based frame index; frames may come in any order. With several axes before
            rows and columns, the last of these counts fastest.
        labels : ndarray of int, shape (H, W)
            Object ids, 0 for the background.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        if labels.shape != self.shape_hw or not 0 <= frame < self.frame_count:
            raise ValueError(f"labels {labels.shape} of frame {frame} for {self.shape}")
        strips = self._compress(labels.astype(self.dtype, copy=False))
        lengths = np.array([len(strip) for strip in strips], "<u4").tobytes()
        with naming_output(self._path):
            self._spool.put(frame, lengths + b"".join(strips))

    def read(self, frame: int) -> npt.NDArray[Any]:
        """Return the labels of one frame, (H, W); zeros where none were written."""
        labels = np.zeros(self.shape_hw, self.dtype)
        if frame in self._spool:
            pixels = b"".join(zlib.decompress(strip) for strip in self._strips(frame))
            labels[...] = np.frombuffer(pixels, self.dtype).reshape(labels.shape)
        return labels

    def save(self, path: Path) -> None:
        """Write everything to a TIFF file."""
        import tifffile

        told = self._provenance, self._times
        description = ome_xml(self._path.name, self.axes, self.dtype, *told)
        blank = self._compress(np.zeros(self.shape_hw, self.dtype))
        is_big = self._most_bytes(blank) > _CLASSIC_LIMIT
        with tifffile.TiffWriter(path, bigtiff=is_big) as file:
            file.write(
                self._all_strips(blank),
                shape=self.shape,
                dtype=self.dtype,
                rowsperstrip=self._strip_rows,
                compression="zlib",
                photometric="minisblack",
                description=description.encode(errors="replace"),
                metadata=None,
                software=MAKER,
            )

    def close(self) -> None:
        """Throw away what was kept."""
        self._spool.close()

    def _compress(self, labels: npt.NDArray[Any]) -> list[bytes]:
        step = self._strip_rows
        return [
            zlib.compress(labels[row : row + step].tobytes(), _COMPRESSION_LEVEL)
            for row in range(0, labels.shape[0], step)
        ]

    def _strips(self, frame: int) -> list[bytes]:
        data = self._spool.get(frame)
        count = -(-self.shape_hw[0] // self._strip_rows)
        lengths = np.frombuffer(data, "<u4", count)
        ends = 4 * count + np.cumsum(lengths, dtype=np.int64)
        return [data[e - n : e] for e, n in zip(ends, lengths.astype(int), strict=True)]

    def _most_bytes(self, blank: list[bytes]) -> int:
        """Return what the file is not larger than; empty frames take bytes, too."""
        empty = self.frame_count - len(self._spool)
        page = _PAGE_OVERHEAD + len(blank) * _STRIP_OVERHEAD
        pixels = self._spool.total_bytes + empty * sum(map(len, blank))
        return pixels + self.frame_count * page

    def _all_strips(self, blank: list[bytes]) -> Iterator[bytes]:
        for frame in range(self.frame_count):
            yield from self._strips(frame) if frame in self._spool else blank


@contextmanager
def open_label_writer(
    path: str | Path,
    shape_hw: tuple[int, int],
    frame_count: int,
    axes: Axes | None = None,
    *,
    largest_id: int = np.iinfo(np.uint16).max,
    overwrite: bool = False,
    provenance: Provenance | None = None,
    times: Sequence[float] | None = None,
) -> Iterator[LabelWriter]:
    """Write a label stack that appears, complete, when the block ends without error.

    Parameters
    ----------
    path : str or Path
        The ``.tif`` file to write.
    shape_hw : tuple of int
        Height and width of the frames in pixels.
    frame_count : int
        Number of frames of the stack.
    axes : tuple of Axis, optional
        Frames, rows and columns with their pixel sizes, as ``StackFrames.axes``. Two
        axes of frames may come first, slices of time points, or three.
    largest_id : int, optional
        The largest object id, which decides between uint8, uint16 and uint32.
    overwrite : bool, optional
        Whether a file that is there may be replaced.
    provenance : Provenance, optional
        Written into the file.
    times : sequence of float, optional
        When each frame is shown, as :func:`napari_sam2.core.frames.times.frame_times`
        gives it; written where frames lie along time. They are read before the block,
        as the film may be out of reach when labels are written. Where they cannot be
        read, labels are written without them.

    Raises
    ------
    OutputError
        Before the block runs if the file exists or cannot be written; when the disk is
        full, in the block or at its end. The file that was there is untouched.
    """
    path = Path(path)
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise OutputError(f"Labels are written as TIFF: {path} must end in .tif.")
    shape = (frame_count, *shape_hw)
    axes = axes_from_shape(shape, "tyx") if axes is None else axes
    if len(axes) == 3:
        axes = tuple(resized(axis, n) for axis, n in zip(axes, shape, strict=True))
    dtype = label_dtype(largest_id)

    def make() -> LabelWriter:
        known = _read_times(times) if tells_times(axes) else None
        return LabelWriter(path, axes, dtype, provenance, known)

    with saved_at_end(path, make, overwrite=overwrite) as writer:
        yield writer


def _read_times(times: Sequence[float] | None) -> tuple[float, ...] | None:
    failed = "The labels will not tell when each frame is shown, as that cannot be read"
    try:
        with decoding(FrameError, failed):
            return None if times is None else tuple(times)
    except FrameError as error:
        _LOG.warning("%s", error)
        return None
