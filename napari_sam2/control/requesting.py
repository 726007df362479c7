"""What a tracker is made from, and what is known once it is made.

That is the stack, with the settings as they are now; models are opened on the lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from napari_sam2.control.ports import TrackerRequest
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.recipe import Made

if TYPE_CHECKING:
    from psygnal import SignalInstance

    from napari_sam2.control.ports import Tracker
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.quality import Quality
    from napari_sam2.core.unfinished_run import UnfinishedRun
    from napari_sam2.state.document import Document
    from napari_sam2.state.settings import Settings

# The settings that a tracker is made from, as the dock calls them.
_CHOICES = {
    "model": "the model",
    "device": "the device",
    "image_size": "the detail",
    "cache_mib": "the memory",
    "window": "how small objects are seen",
    "corrects_bleaching": "the correction of bleaching",
    "quality": "the quality",
    "is_compiled": "whether it is compiled",
}


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
    chosen = {name: getattr(settings, name) for name in _CHOICES}
    return TrackerRequest(frames, limits=limits, **chosen)


def asked_for(document: Document, settings: Settings) -> tuple[int, ...]:
    """Return the objects that a run is for: the selected one, or all."""
    if settings.only_selected and document.selected is not None:
        return (document.selected,)
    return tuple(document.objects)


def choices(settings: Settings) -> tuple[SignalInstance, ...]:
    """Return the signals of all settings that make it another tracker."""
    return tuple(getattr(settings.events, name) for name in _CHOICES)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A model was opened, and a tracker made of it.

    Attributes
    ----------
    request : TrackerRequest
        What was asked for.
    quality : Quality
        What the quality that was asked for came to.
    left : UnfinishedRun or None
        The run of an earlier session that it can go on with.
    """

    request: TrackerRequest
    quality: Quality
    left: UnfinishedRun | None = None


def made_of(request: TrackerRequest, tracker: Tracker) -> Made:
    """Return the making of a tracker as a step."""
    frames = request.frames
    one = frames.one if isinstance(frames, AllFrames) else frames
    return Made(
        request.model,
        limits=tracker.limits,
        channels=getattr(one, "channels", None),
        image_size=request.image_size,
        window=request.window,
        corrects_bleaching=request.corrects_bleaching,
        level=getattr(one, "level", 0),
        beside=getattr(one, "beside", ()),
        quality=tracker.quality,
        precision=tracker.precision,
    )


News: TypeAlias = Progress | Opened
"""What any job may yield on the way, besides what it is for."""


def what_differs(one: TrackerRequest, other: TrackerRequest) -> str:
    """Name what the user has changed between two requests, as the dock calls it."""
    changed = [
        name
        for key, name in _CHOICES.items()
        if getattr(one, key) != getattr(other, key)
    ]
    return " and ".join(changed) or "what the model is shown"


def comes_to_the_same_quality(one: TrackerRequest, other: TrackerRequest) -> bool:
    """Whether the same model is asked for, on the same device, in the same quality."""
    return _model(one) == _model(other)


def _model(request: TrackerRequest) -> tuple[str, str, str]:
    return request.model, request.device, request.quality
