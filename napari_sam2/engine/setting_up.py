"""A tracker that sees a stack as was chosen: the same at work and in replays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.bleaching import correct_bleaching
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.window import WindowOptions

if TYPE_CHECKING:
    from napari_sam2.core.frames import FrameSource
    from napari_sam2.core.intensity import IntensityLimits
    from napari_sam2.core.recipe import WindowMode
    from napari_sam2.model.sam2 import Sam2Model

_CACHE_BYTES = TrackerOptions().feature_cache_bytes


def set_up_tracker(
    model: Sam2Model,
    frames: FrameSource,
    *,
    limits: IntensityLimits | None = None,
    window: WindowMode = "off",
    corrects_bleaching: bool = False,
    feature_cache_bytes: int = _CACHE_BYTES,
) -> VideoTracker:
    """Return a tracker that was told nothing.

    Parameters
    ----------
    model : Sam2Model
    frames : FrameSource
    limits : IntensityLimits, optional
        What is shown as black and white; estimated from the frames by default.
    window : str, optional
        Whether small objects are looked at in a window: ``"off"``, ``"auto"``,
        ``"on"``.
    corrects_bleaching : bool, optional
        Whether frames that fade are shown as bright as the first. Colour pictures do
        not bleach, and are left as they are.
    feature_cache_bytes : int, optional
        Most bytes of image features kept.

    Raises
    ------
    FrameError
        If no frame can be read.
    """
    if corrects_bleaching and not frames.is_rgb:
        frames = correct_bleaching(frames)
    options = TrackerOptions(
        feature_cache_bytes=feature_cache_bytes, window=WindowOptions(mode=window)
    )
    return VideoTracker(model, frames, limits=limits, options=options)
