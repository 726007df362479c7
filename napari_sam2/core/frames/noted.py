"""What was seen of a stack, in so few numbers that all of it can be kept."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.frames.passed import PassedFrames

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource


def checksum_of(pixels: npt.NDArray[Any]) -> int:
    """Return what tells pixels from others, on machines of either byte order."""
    little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    return zlib.crc32(np.ascontiguousarray(little).data)


def checksum_in(source: FrameSource, frame: int, pixels: npt.NDArray[Any]) -> int:
    """Return the checksum of a frame that was read, noted on the way perhaps."""
    if isinstance(source, NotedFrames):
        return source.notes[frame]
    return checksum_of(pixels)


class NotedFrames(PassedFrames):
    """The frames of a source, of which each is noted as it is read: a ``FrameSource``.

    Parameters
    ----------
    source : FrameSource
    notes : dict of int to int
        Takes the checksum of each frame as it was read last.

    Attributes
    ----------
    notes
    """

    def __init__(self, source: FrameSource, notes: dict[int, int]) -> None:
        super().__init__(source)
        self.notes = notes

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read one frame, (H, W) or (H, W, 3).

        Raises
        ------
        FrameError
            If the frame does not exist or cannot be read.
        """
        pixels = self._source[frame]
        self.notes[frame] = checksum_of(pixels)
        return pixels
