"""Stacks of the same frames side by side, as the channels of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.source import check_channels, pick_channels
from napari_sam2.core.frames.times import frame_times

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource


@dataclass(frozen=True, slots=True, eq=False)
class SideBySide:
    """Up to three grey stacks as red, green and blue; a ``FrameSource``.

    Each frame is read from all of them when it is asked for.

    Attributes
    ----------
    parts : tuple of FrameSource
        One to three stacks of grey frames, all of one size.
    channels : tuple of int or None
        Which channels the first image contributes, for those who note what was seen.
    level : int
        Which level of a pyramid the first image is seen at.
    beside : tuple of str
        What the other images are called.
    """

    parts: tuple[FrameSource, ...]
    channels: tuple[int, ...] | None = None
    level: int = 0
    beside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that they are one to three, and of one size."""
        check_channels(tuple(range(len(self.parts))), len(self.parts))
        first = self.parts[0]
        for part in self.parts:
            if (len(part), part.shape_hw) != (len(first), first.shape_hw):
                raise StackError(
                    f"Channels must be of one size, but one has {_size(first)} and "
                    f"another one {_size(part)}."
                )

    def __len__(self) -> int:
        """Count the frames."""
        return len(self.parts[0])

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read one frame of all: (H, W) of a single one, else (H, W, 3).

        Raises
        ------
        FrameError
            If the frame does not exist or cannot be read.
        """
        planes = [part[frame].astype(self.dtype, copy=False) for part in self.parts]
        return pick_channels(np.stack(planes, axis=-1), self.picked)

    @property
    def picked(self) -> tuple[int, ...]:
        """The channels, all of which are read."""
        return tuple(range(len(self.parts)))

    @property
    def frame_times(self) -> Sequence[float] | None:
        """When each frame is shown, where they do not follow each other evenly."""
        return frame_times(self.parts[0])

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Height and width of every frame in pixels."""
        return self.parts[0].shape_hw

    @property
    def dtype(self) -> np.dtype[Any]:
        """A type that holds the pixels of all."""
        dtype: np.dtype[Any] = np.result_type(*(part.dtype for part in self.parts))
        return dtype

    @property
    def is_rgb(self) -> bool:
        """Whether frames are colour pictures: never."""
        return False


def _size(frames: FrameSource) -> str:
    height, width = frames.shape_hw
    return f"{len(frames)} frames of {height} × {width} pixels"
