"""The frames of all positions of a stack together: what is estimated once for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.frames.passed import LikeFrames
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.frames.times import frame_times

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.positions import Positions

# So many frames stand for all that are of one time.
_FRAMES_PER_TIME = 3


@dataclass(frozen=True, slots=True, eq=False)
class _OfPositions(LikeFrames):
    """What sources of the frames of all positions have in common.

    Attributes
    ----------
    positions : Positions
    open_frames : callable
        Returns the frames at a position, of the same number and size everywhere.
    """

    positions: Positions
    open_frames: Callable[[Position], FrameSource]

    @property
    def one(self) -> FrameSource:
        """The frames at one position, which are like those at all others."""
        return self.open_frames(self.positions.first)

    @property
    def _like(self) -> FrameSource:
        return self.one


@dataclass(frozen=True, slots=True, eq=False)
class AllFrames(_OfPositions):
    """The frames of one position after the other: a ``FrameSource``.

    An intensity range that is estimated from these is the same everywhere.
    """

    @property
    def frame_times(self) -> Sequence[float] | None:
        """When each frame is shown, where that is uneven and there are no positions."""
        return None if self.positions.axes else frame_times(self.one)

    def __len__(self) -> int:
        """Count the frames of all positions."""
        return len(self.positions) * len(self.one)

    def __getitem__(self, frame: int, /) -> npt.NDArray[Any]:
        """Read one frame."""
        check_frame(frame, len(self))
        number, frame = divmod(frame, len(self.one))
        return self.open_frames(self.positions[number])[frame]


@dataclass(frozen=True, slots=True, eq=False)
class TimeSeries(_OfPositions):
    """A few frames of every time, one below the other: a ``FrameSource`` of times.

    How a stack fades is seen in it. Time is an axis of positions if one of them is
    called ``t``; else the frames are.
    """

    @property
    def time_axis(self) -> int | None:
        """Which axis of positions is time; None where the frames are."""
        names = [axis.name for axis in self.positions.axes]
        return names.index("t") if "t" in names else None

    def time_of(self, position: Position) -> int | None:
        """Return the time of a position; None where the frames are times."""
        axis = self.time_axis
        if axis is None:
            return None
        return position[axis] - self.positions.visited[axis].start

    def __len__(self) -> int:
        """Count the times."""
        axis = self.time_axis
        return len(self.one if axis is None else self.positions.visited[axis])

    def __getitem__(self, time: int, /) -> npt.NDArray[Any]:
        """Read a few frames of a time, one below the other."""
        check_frame(time, len(self))
        axis = self.time_axis
        if axis is None:
            places = [(one, time) for one in _spread(self.positions)]
        else:
            first = tuple(span.start for span in self.positions.visited)
            now = self.positions.visited[axis][time]
            position = (*first[:axis], now, *first[axis + 1 :])
            places = [(position, one) for one in _spread(range(len(self.one)))]
        return np.concatenate([self.open_frames(one)[frame] for one, frame in places])


def _spread(items: Any) -> list[Any]:
    """Return a few items that lie evenly inside a sequence."""
    count = min(_FRAMES_PER_TIME, len(items))
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]
