"""A tracker that sees a stack as was chosen: the same at work and in replays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.frames.brightening import brighten
from napari_sam2.core.frames.intensity import estimate_limits
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.position_trackers import PositionTrackers
from napari_sam2.engine.tracker import VideoTracker

if TYPE_CHECKING:
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.engine.network import Network


def set_up_tracker(
    model: Network,
    frames: FrameSource,
    *,
    limits: IntensityLimits | None = None,
    corrects_bleaching: bool = False,
    options: TrackerOptions | None = None,
) -> VideoTracker | PositionTrackers:
    """Return a tracker of a stack, or of all its positions, that was told nothing.

    Parameters
    ----------
    model : Network
    frames : FrameSource
        Of a single stack; or :class:`napari_sam2.core.frames.of_positions.AllFrames`,
        then each position is a stack of its own, but black, white and fading are those
        of all of them.
    limits : IntensityLimits, optional
        What is shown as black and white; estimated from the frames by default.
    corrects_bleaching : bool, optional
        Whether frames that fade are shown as bright as the first. Colour pictures do
        not bleach, and are left as they are.
    options : TrackerOptions, optional
        Of every tracker that is made.

    Raises
    ------
    FrameError
        If no frame can be read.
    """
    options = options or TrackerOptions()
    seen = brighten(frames) if corrects_bleaching else frames
    if isinstance(seen, AllFrames):
        return _at_positions(model, seen, limits or estimate_limits(seen), options)
    return VideoTracker(model, seen, limits=limits, options=options)


def _at_positions(
    model: Network,
    frames: AllFrames,
    limits: IntensityLimits,
    options: TrackerOptions,
) -> PositionTrackers:
    def make(seen: FrameSource) -> VideoTracker:
        return VideoTracker(model, seen, limits=limits, options=options)

    return PositionTrackers(
        frames.positions,
        frames.open_frames,
        make,
        VideoTracker.forget_features,
        quality=options.quality,
        precision=model.precision,
        limits=limits,
    )
