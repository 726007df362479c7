"""When each frame of a film is shown, where they do not follow each other evenly."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.io.reading.video_index import VideoIndex


class VideoTimes(Sequence[float]):
    """Seconds since the first frame, one for each; the file is read for the first.

    Parameters
    ----------
    count : int
        Number of frames.
    index : callable
        Returns the index of the file.
    tick : float
        Seconds per unit of the index.
    mean : float
        Seconds from frame to frame, where the index has no times.
    """

    def __init__(
        self, count: int, index: Callable[[], VideoIndex], tick: float, mean: float
    ) -> None:
        self._count, self._index, self._tick, self._mean = count, index, tick, mean

    def __len__(self) -> int:
        """Count the frames."""
        return self._count

    @overload
    def __getitem__(self, frame: int, /) -> float: ...
    @overload
    def __getitem__(self, frame: slice, /) -> list[float]: ...
    def __getitem__(self, frame: int | slice, /) -> float | list[float]:
        """Return when a frame is shown, or several."""
        if isinstance(frame, slice):
            return [self[one] for one in range(self._count)[frame]]
        frame = range(self._count)[frame]
        shown = self._shown
        return (shown[frame] - shown[0]) * self._tick if shown else frame * self._mean

    @cached_property
    def _shown(self) -> tuple[int, ...]:
        """Times in the file; none where it has none that can be trusted."""
        index = self._index()
        is_timed = bool(index.keys) and len(index) == self._count
        return index.shown if is_timed else ()
