"""Frames that fade, brightened, be they of one position or of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.frames.bleaching import correct_bleaching, find_fading, steady
from napari_sam2.core.frames.of_positions import AllFrames, TimeSeries

if TYPE_CHECKING:
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.frames.source import FrameSource


def brighten(frames: FrameSource) -> FrameSource:
    """Return frames as a model sees them that is to be shown no bleaching.

    Parameters
    ----------
    frames : FrameSource
        Of one position; or of all, which fade alike. Colour pictures do not bleach,
        and are left as they are.

    Raises
    ------
    FrameError
        If none of the frames can be read.
    """
    if frames.is_rgb:
        return frames
    if not isinstance(frames, AllFrames):
        return correct_bleaching(frames)
    series = TimeSeries(frames.positions, frames.open_frames)
    fading = find_fading(series)

    def at(position: Position) -> FrameSource:
        return steady(frames.open_frames(position), fading, series.time_of(position))

    return AllFrames(frames.positions, at)
