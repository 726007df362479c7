"""What was seen of a stack, in so few numbers that all of it can be kept."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.frames import picked_channels

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.frames import FrameSource


def checksum_of(pixels: npt.NDArray[Any]) -> int:
    """Return what tells pixels from others, on machines of either byte order."""
    little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    return zlib.crc32(np.ascontiguousarray(little).data)


class NotedFrames:
    """The frames of a source, of which each is noted as it is read: a ``FrameSource``.

    Parameters
    ----------
    source : FrameSource
    notes : dict of int to int
        Takes the checksum of each frame as it was read last.
    """

    def __init__(self, source: FrameSource, notes: dict[int, int]) -> None:
        self._source = source
        self._notes = notes

    def __len__(self) -> int:
        """Count the frames."""
        return len(self._source)

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read one frame, (H, W) or (H, W, 3).

        Raises
        ------
        FrameError
            If the frame does not exist or cannot be read.
        """
        pixels = self._source[frame]
        self._notes[frame] = checksum_of(pixels)
        return pixels

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self._source.shape_hw

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self._source.dtype

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures."""
        return self._source.is_rgb

    @property
    def picked(self) -> tuple[int, ...]:
        """The channels that are read; none where that is not known."""
        return picked_channels(self._source)
