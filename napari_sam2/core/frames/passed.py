"""Frames that are passed on from a source, by whoever does something with each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from napari_sam2.core.frames.source import picked_channels

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource


class PassedFrames(ABC):
    """A ``FrameSource`` with as many frames as another, of the same size and type.

    Parameters
    ----------
    source : FrameSource
    """

    def __init__(self, source: FrameSource) -> None:
        self._source = source

    def __len__(self) -> int:
        """Count the frames."""
        return len(self._source)

    @abstractmethod
    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Return one frame, (H, W) or (H, W, 3)."""

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
