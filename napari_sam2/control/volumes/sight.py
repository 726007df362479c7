"""How the model sees a stack: alike at every position and along every axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.core.axes import list_axes
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.bleaching import find_fading, steady
from napari_sam2.core.frames.intensity import as_limits, estimate_limits
from napari_sam2.core.frames.of_positions import AllFrames, TimeSeries
from napari_sam2.core.positions import NOWHERE, Positions
from napari_sam2.io.reading.stack_frames import frames_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_sam2.core.frames.bleaching import Fading
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.masks.orientation import Dims
    from napari_sam2.io.reading.stack_frames import StackFrames


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What the model sees; made by :func:`look`.

    Attributes
    ----------
    frames : StackFrames
        Those at one of the positions.
    positions : Positions
    fading : tuple of Fading
        Of each channel over time; none where it is left as it is.
    limits : IntensityLimits
        Of the whole stack.
    watch : callable, optional
        Is told an axis, and the frames along it at a position, and returns them: it may
        note what is read.
    """

    frames: StackFrames
    positions: Positions
    fading: tuple[Fading, ...]
    limits: IntensityLimits
    watch: Callable[[str, Position, FrameSource], FrameSource] | None = None

    def along(self, frames: StackFrames) -> Callable[[Position], FrameSource]:
        """Return what opens frames along an axis, as the model sees them."""
        series = _series(self.frames, self.positions)

        def open_frames(position: Position) -> FrameSource:
            there: FrameSource = frames_at(frames, self.positions, position)
            if self.watch is not None:
                there = self.watch(frames.axes[0].name, position, there)
            return steady(there, self.fading, series.time_of(position))

        return open_frames


def look(
    frames: StackFrames,
    positions: Positions = NOWHERE,
    *,
    limits: IntensityLimits | None = None,
    fading: tuple[Fading, ...] | None = None,
    corrects_bleaching: bool = False,
) -> Sight:
    """Estimate once, for the whole stack, what is black and white and how it fades.

    Parameters
    ----------
    frames : StackFrames
        Those at one of the positions.
    positions : Positions, optional
    limits : IntensityLimits, optional
        Instead of an estimate.
    fading : tuple of Fading, optional
        Likewise, where it is to be corrected.
    corrects_bleaching : bool, optional

    Raises
    ------
    StackError
        If colour pictures are to be corrected for bleaching.
    FrameError
        If none of the frames can be read.
    """
    if not corrects_bleaching:
        fading = ()
    if fading is None:
        fading = find_fading(_series(frames, positions))
    if limits is None:
        unlimited = Sight(frames, positions, fading, as_limits(0, 1))
        limits = estimate_limits(AllFrames(positions, unlimited.along(frames)))
    return Sight(frames, positions, fading, limits)


def dims_of(frames: Sequence[StackFrames]) -> list[Dims]:
    """Return where frames, rows and columns lie among those of the first.

    Parameters
    ----------
    frames : sequence of StackFrames
        One volume, along one axis after the other.

    Raises
    ------
    StackError
        If they are not of one volume.
    """
    first, *_ = orders = [axes_of(one) for one in frames]
    if len({frozenset(order) for order in orders}) > 1:
        raise StackError(
            "The axes to be fused are not those of one volume: the stack has "
            f"{list_axes(frames[0].stack.axes)}. Stay somewhere along the others."
        )
    return [(first.index(f), first.index(r), first.index(c)) for f, r, c in orders]


def axes_of(frames: StackFrames) -> tuple[int | None, int, int]:
    """Return the axes of the stack that frames, rows and columns are."""
    return frames.layout.frame, *frames.layout.plane


def _series(frames: StackFrames, positions: Positions) -> TimeSeries:
    return TimeSeries(positions, lambda one: frames_at(frames, positions, one))
