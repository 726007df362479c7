"""SAM 2 for image stacks: click an object, and its mask follows it.

Importing this package loads neither torch nor Qt nor napari; each public name does so
when it is first used.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_sam2.control.volumes.stack_work import track_stack
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.errors import Sam2Error
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.positions import PlacedPrompt
    from napari_sam2.core.prompts import (
        BoxPrompt,
        FramePrompts,
        MaskPrompt,
        PointPrompt,
    )
    from napari_sam2.core.quality import Quality
    from napari_sam2.core.results import FrameResult, MaskResult
    from napari_sam2.engine.loading import load_model
    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.predictor import ImagePredictor
    from napari_sam2.engine.tracker import VideoTracker
    from napari_sam2.engine.views.window import WindowOptions
    from napari_sam2.io.reading.arrays import array_stack
    from napari_sam2.io.reading.stack import open_stack

__version__ = "0.1.0"

__all__ = [
    "BoxPrompt",
    "CancelToken",
    "FramePrompts",
    "FrameResult",
    "ImagePredictor",
    "IntensityLimits",
    "MaskPrompt",
    "MaskResult",
    "PlacedPrompt",
    "PointPrompt",
    "Quality",
    "Sam2Error",
    "TrackerOptions",
    "VideoTracker",
    "WindowOptions",
    "__version__",
    "array_stack",
    "load_model",
    "open_stack",
    "track_stack",
]

# GNU's OpenMP, which PyTorch brings on Linux, reads this when torch is imported. Its
# threads wait for each other awake, by default for 300,000 turns: where other programs
# want the processors, most of a frame is waiting (two cores at a load of 8, `nano`, ten
# objects: 5,600 ms a frame, and 1,000 with 10,000 turns; idle 102 and 108).
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")

_HOMES = {
    "BoxPrompt": "napari_sam2.core.prompts",
    "CancelToken": "napari_sam2.core.cancel",
    "FramePrompts": "napari_sam2.core.prompts",
    "FrameResult": "napari_sam2.core.results",
    "ImagePredictor": "napari_sam2.engine.predictor",
    "IntensityLimits": "napari_sam2.core.frames.intensity",
    "MaskPrompt": "napari_sam2.core.prompts",
    "MaskResult": "napari_sam2.core.results",
    "PlacedPrompt": "napari_sam2.core.positions",
    "PointPrompt": "napari_sam2.core.prompts",
    "Quality": "napari_sam2.core.quality",
    "Sam2Error": "napari_sam2.core.errors",
    "TrackerOptions": "napari_sam2.engine.options",
    "VideoTracker": "napari_sam2.engine.tracker",
    "WindowOptions": "napari_sam2.engine.views.window",
    "array_stack": "napari_sam2.io.reading.arrays",
    "load_model": "napari_sam2.engine.loading",
    "open_stack": "napari_sam2.io.reading.stack",
    "track_stack": "napari_sam2.control.volumes.stack_work",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
