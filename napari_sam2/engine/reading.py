"""Reading frames ahead of the computation, through a bounded buffer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from napari_sam2.engine.preprocess import to_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from napari_sam2.core.frames import FrameSource
    from napari_sam2.core.intensity import IntensityLimits


class FrameReader:
    """Reads frames and brings them into range, one at a time.

    Sources need not be thread-safe: a lock lets one thread read at a time.

    Parameters
    ----------
    source : FrameSource
        The stack.
    limits : IntensityLimits
        What is shown as black and white.
    """

    def __init__(self, source: FrameSource, limits: IntensityLimits) -> None:
        self.source = source
        self.limits = limits
        self._lock = threading.Lock()

    def read(self, frame: int) -> npt.NDArray[Any]:
        """Read one frame as :func:`napari_sam2.engine.preprocess.to_unit` gives it."""
        with self._lock:
            pixels = self.source[frame]
        return to_unit(pixels, self.limits)


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
        pixels = future.result()
        self._fill()
        return pixels

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
