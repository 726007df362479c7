"""What is known of a model once it was opened, which happens on the lane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from napari_sam2.core.cancel import Progress

if TYPE_CHECKING:
    from napari_sam2.control.ports import TrackerRequest
    from napari_sam2.core.quality import Quality


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A model was opened, and a tracker made of it.

    Attributes
    ----------
    request : TrackerRequest
        What was asked for.
    quality : Quality
        What the quality that was asked for came to.
    """

    request: TrackerRequest
    quality: Quality


News: TypeAlias = Progress | Opened
"""What any job may yield on the way, besides what it is for."""


def comes_to_the_same_quality(one: TrackerRequest, other: TrackerRequest) -> bool:
    """Whether the same model is asked for, on the same device, in the same quality."""
    return _model(one) == _model(other)


def _model(request: TrackerRequest) -> tuple[str, str, str]:
    return request.model, request.device, request.quality
