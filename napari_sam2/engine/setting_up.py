"""A tracker that sees a stack as was chosen: the same at work and in replays."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_sam2.core.bleaching import correct_bleaching, find_fading, steady
from napari_sam2.core.intensity import estimate_limits
from napari_sam2.core.position_frames import AllFrames, TimeSeries
from napari_sam2.core.quality import EXACT
from napari_sam2.core.recipe import DEFAULT_WINDOW
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.position_trackers import PositionTrackers
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.window import WindowOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.core.frames import FrameSource
    from napari_sam2.core.intensity import IntensityLimits
    from napari_sam2.core.positions import Position
    from napari_sam2.core.quality import Quality
    from napari_sam2.core.recipe import WindowMode
    from napari_sam2.engine.network import Network

_CACHE_BYTES = TrackerOptions().feature_cache_bytes


def set_up_tracker(
    model: Network,
    frames: FrameSource,
    *,
    limits: IntensityLimits | None = None,
    window: WindowMode = DEFAULT_WINDOW,
    corrects_bleaching: bool = False,
    feature_cache_bytes: int = _CACHE_BYTES,
    quality: Quality = EXACT,
) -> VideoTracker | PositionTrackers:
    """Return a tracker of a stack, or of all its positions, that was told nothing.

    Parameters
    ----------
    model, limits, window, feature_cache_bytes, quality
        As for :func:`set_up_stack_tracker`.
    frames : FrameSource
        Of a single stack; or :class:`napari_sam2.core.position_frames.AllFrames`, then
        each position is a stack of its own, but black, white and fading are those of
        all of them.
    corrects_bleaching : bool, optional
        Whether frames that fade are shown as bright as the first. Colour pictures do
        not bleach, and are left as they are.

    Raises
    ------
    FrameError
        If no frame can be read.
    """
    set_up = partial(
        set_up_stack_tracker,
        model,
        window=window,
        feature_cache_bytes=feature_cache_bytes,
        quality=quality,
    )
    is_corrected = corrects_bleaching and not frames.is_rgb
    if isinstance(frames, AllFrames):
        return _at_positions(set_up, frames, limits, is_corrected, quality)
    return set_up(frames, limits=limits, corrects_bleaching=is_corrected)


def set_up_stack_tracker(
    model: Network,
    frames: FrameSource,
    *,
    limits: IntensityLimits | None = None,
    window: WindowMode = DEFAULT_WINDOW,
    corrects_bleaching: bool = False,
    feature_cache_bytes: int = _CACHE_BYTES,
    quality: Quality = EXACT,
    keeps_probabilities: bool = False,
) -> VideoTracker:
    """Return a tracker of a single stack that was told nothing.

    Parameters
    ----------
    model : Network
    frames : FrameSource
    limits : IntensityLimits, optional
        What is shown as black and white; estimated from the frames by default.
    window : str, optional
        Whether small objects are looked at in a window: ``"off"``, ``"auto"``,
        ``"on"``.
    corrects_bleaching : bool, optional
        Whether frames that fade are shown as bright as the first.
    feature_cache_bytes : int, optional
        Most bytes of image features kept.
    quality : Quality, optional
        How many of the last frames are looked back at.
    keeps_probabilities : bool, optional
        Whether results say how probable the object is at each pixel.

    Raises
    ------
    StackError
        If colour pictures are to be corrected for bleaching.
    FrameError
        If no frame can be read.
    """
    options = TrackerOptions(
        feature_cache_bytes=feature_cache_bytes,
        window=WindowOptions(mode=window),
        quality=quality,
        keeps_probabilities=keeps_probabilities,
    )
    seen = correct_bleaching(frames) if corrects_bleaching else frames
    return VideoTracker(model, seen, limits=limits, options=options)


def _at_positions(
    set_up: Callable[..., VideoTracker],
    frames: AllFrames,
    limits: IntensityLimits | None,
    is_corrected: bool,
    quality: Quality,
) -> PositionTrackers:
    series = TimeSeries(frames.positions, frames.open_frames)
    fading = find_fading(series) if is_corrected else ()

    def seen_at(position: Position) -> FrameSource:
        return steady(frames.open_frames(position), fading, series.time_of(position))

    common = limits or estimate_limits(AllFrames(frames.positions, seen_at))
    make, rest = partial(set_up, limits=common), VideoTracker.forget_features
    return PositionTrackers(frames.positions, seen_at, make, rest, quality=quality)
