"""Frames that are read once, though several want them one after the other."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from napari_sam2.core.frames.passed import PassedFrames

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource

_MOST_BYTES = 128 << 20


class RecentFrames(PassedFrames):
    """The frames of a source, of which those read last are kept: a ``FrameSource``.

    One thread reads at a time, so that a run may read ahead while its results are
    measured, whatever the source.

    Parameters
    ----------
    source : FrameSource
    most_bytes : int, optional
        Most bytes of frames kept; the last one read is always.
    """

    def __init__(self, source: FrameSource, most_bytes: int = _MOST_BYTES) -> None:
        super().__init__(source)
        self._most_bytes = most_bytes
        self._kept: OrderedDict[int, npt.NDArray[Any]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Return one frame, (H, W) or (H, W, 3); to be looked at only.

        Raises
        ------
        FrameError
            If the frame does not exist or cannot be read.
        """
        with self._lock:
            pixels = self._kept.get(frame)
            if pixels is None:
                pixels = self._source[frame]
                self._keep(frame, pixels)
            return pixels

    def _keep(self, frame: int, pixels: npt.NDArray[Any]) -> None:
        self._kept[frame] = pixels
        self._bytes += pixels.nbytes
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.nbytes
