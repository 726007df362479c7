"""Sources of frames that have theirs from other sources."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from napari_sam2.core.frames.source import picked_channels

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource


class LikeFrames(ABC):
    """A ``FrameSource`` whose frames are of the size and type of another's."""

    __slots__ = ()

    @property
    @abstractmethod
    def _like(self) -> FrameSource:
        """The other one."""

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of every frame in pixels."""
        return self._like.shape_hw

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self._like.dtype

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures."""
        return self._like.is_rgb

    @property
    def picked(self) -> tuple[int, ...]:
        """The channels that are read; none where that is not known."""
        return picked_channels(self._like)


class PassedFrames(LikeFrames):
    """A ``FrameSource`` with as many frames as another.

    Parameters
    ----------
    source : FrameSource
    """

    def __init__(self, source: FrameSource) -> None:
        self._source = source

    @property
    def _like(self) -> FrameSource:
        return self._source

    def __len__(self) -> int:
        """Count the frames."""
        return len(self._source)

    @abstractmethod
    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Return one frame, (H, W) or (H, W, 3)."""
