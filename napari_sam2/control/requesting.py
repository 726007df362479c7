"""What a tracker is made from: the stack, and the settings as they are now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.control.ports import TrackerRequest
from napari_sam2.core.errors import StackError

if TYPE_CHECKING:
    from psygnal import SignalInstance

    from napari_sam2.core.frames import FrameSource
    from napari_sam2.core.intensity import IntensityLimits
    from napari_sam2.state.document import Document
    from napari_sam2.state.settings import Settings


def make_request(
    document: Document,
    settings: Settings,
    frames: FrameSource,
    limits: IntensityLimits | None,
) -> TrackerRequest:
    """Ask for a tracker of frames.

    Raises
    ------
    StackError
        If the frames do not fit the document.
    """
    found = len(frames), tuple(frames.shape_hw)
    wanted = document.frame_count, document.shape_hw
    if found != wanted:
        raise StackError(
            f"The stack has {found[0]} frames of {found[1][0]} × {found[1][1]} pixels, "
            f"but the prompts are for {wanted[0]} frames of {wanted[1][0]} × "
            f"{wanted[1][1]}."
        )
    return TrackerRequest(
        frames,
        settings.model,
        settings.device,
        limits,
        settings.image_size,
        settings.cache_mib,
        settings.window,
        settings.corrects_bleaching,
        settings.quality,
        settings.is_compiled,
    )


def choices(settings: Settings) -> tuple[SignalInstance, ...]:
    """Return the signals of all settings that make it another tracker."""
    events = settings.events
    return (
        events.model,
        events.device,
        events.image_size,
        events.cache_mib,
        events.window,
        events.corrects_bleaching,
        events.quality,
        events.is_compiled,
    )
