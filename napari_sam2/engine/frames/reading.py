"""Reading frames ahead of the computation, through a bounded buffer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.frames.noted import checksum_in
from napari_sam2.core.frames.source import planes_at_once
from napari_sam2.engine.frames.preprocess import to_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy.typing as npt

    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource


_MOST_HELD = 256 << 20


def frames_ahead(frames: FrameSource, most: int) -> int:
    """Return how many frames are read ahead: one at least, fewer where they are large.

    Parameters
    ----------
    frames : FrameSource
    most : int
    """
    values = prod(frames.shape_hw) * planes_at_once(frames)
    fits = _MOST_HELD // max(1, 4 * values)  # in range, as float32
    return max(1, min(most, fits))


class FrameReader:
    """Reads frames and brings them into range, one at a time.

    Sources need not be thread-safe: a lock lets one thread read at a time.

    Parameters
    ----------
    source : FrameSource
        The stack.
    limits : IntensityLimits
        What is shown as black and white.
    in_parts : bool, optional
        Whether only parts of frames will be wanted: they are brought into range one by
        one then, by :meth:`unit`.

    Attributes
    ----------
    checksums : ndarray of int64, shape (T,)
        What tells each frame, as it was read last, from others; -1 where it was not
        read.
    """

    def __init__(
        self, source: FrameSource, limits: IntensityLimits, *, in_parts: bool = False
    ) -> None:
        self.source = source
        self.limits = limits
        self.in_parts = in_parts
        self._lock = threading.Lock()
        self.checksums: npt.NDArray[np.int64] = np.full(len(source), -1, np.int64)

    def read(self, frame: int) -> npt.NDArray[Any]:
        """Read one frame, in range unless only parts of it will be wanted."""
        with self._lock:
            pixels = self.source[frame]
        self.checksums[frame] = checksum_in(self.source, frame, pixels)
        return pixels if self.in_parts else to_unit(pixels, self.limits)

    def take_up(self, checksums: npt.NDArray[np.int64]) -> None:
        """Note what another session read of the same stack, and this one did not."""
        unread = self.checksums < 0
        self.checksums[unread] = checksums[unread]

    def unit(self, part: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Bring a part of what was read into range."""
        return to_unit(part, self.limits) if self.in_parts else part


class ReadAhead:
    """Frames in a known order, the next few read while the current one is computed.

    Parameters
    ----------
    reader : FrameReader
    frames : iterable of int
        The frames that will be asked for, in order; consumed as far as is read ahead.
    depth : int
        Most frames held.
    """

    def __init__(self, reader: FrameReader, frames: Iterable[int], depth: int) -> None:
        self._reader = reader
        self._coming: Iterator[int] = iter(frames)
        self._depth = max(1, depth)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sam2-read-ahead")
        self._waiting: OrderedDict[int, Future[npt.NDArray[Any]]] = OrderedDict()
        self._fill()

    def take(self, frame: int) -> npt.NDArray[Any]:
        """Return a frame; one that was not announced is read at once."""
        future = self._waiting.pop(frame, None)
        if future is None:
            return self._reader.read(frame)
        self._fill()
        if future.exception() is not None:
            return self._reader.read(frame)  # it may have come back since
        return future.result()

    def coming(self, count: int) -> dict[int, npt.NDArray[Any]]:
        """Return the next frames, up to one that cannot be read; they stay announced.

        Waits until they are read, so that what is computed together never depends on
        how quickly frames are read.
        """
        frames: dict[int, npt.NDArray[Any]] = {}
        for frame, future in islice(self._waiting.items(), max(0, count)):
            if future.exception() is not None:
                break
            frames[frame] = future.result()
        return frames

    def read_already(
        self, is_wanted: Callable[[int], bool], count: int
    ) -> dict[int, npt.NDArray[Any]]:
        """Return a frame and those after it as they will be at its turn; never waits.

        Parameters
        ----------
        is_wanted : callable
            Says which frame: the first that it is true of.
        count : int
            That frame, and those that :meth:`coming` is going to return with it.

        Returns
        -------
        dict of int to ndarray
            Empty as long as they are not all read, or not all announced.
        """
        waiting = list(self._waiting.items())
        begins = [is_wanted(frame) for frame, _ in waiting] + [True]
        batch = waiting[begins.index(True) :][:count]
        if len(batch) < count and len(waiting) == self._depth:
            return {}  # more may come
        frames: dict[int, npt.NDArray[Any]] = {}
        for frame, future in batch:
            if not future.done():
                return {}
            if future.exception() is not None:
                break
            frames[frame] = future.result()
        return frames

    def discard(self, frame: int) -> None:
        """Make room when a frame turned out not to be needed."""
        if self._waiting.pop(frame, None) is not None:
            self._fill()

    def close(self) -> None:
        """Forget what is not read yet and end the reading thread."""
        self._waiting.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _fill(self) -> None:
        while len(self._waiting) < self._depth:
            frame = next(self._coming, None)
            if frame is None:
                return
            self._waiting[frame] = self._pool.submit(self._reader.read, frame)
