"""Our side of the comparison, set to do exactly what the reference does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from reference import seeded_weights

from napari_sam2 import PointPrompt, VideoTracker, open_stack
from napari_sam2.core.intensity import as_limits
from napari_sam2.engine.options import EXACT, TrackerOptions
from napari_sam2.io.stack import stack_frames
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.sam2 import Sam2Model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.frames import ArrayLike, FrameSource

BYTES = as_limits(0, 255)


def build_model(
    variant: str, image_size: int, device: str = "cpu", *, compiled: bool = False
) -> Sam2Model:
    """Return SAM 2.1 of a size with the reference's seeded weights."""
    config = VARIANTS[f"sam2.1-{variant}"].at_size(image_size)
    with torch.device("meta"):
        model = Sam2Model(config)
    model.load_state_dict(seeded_weights(model), strict=True, assign=True)
    model = model.eval().requires_grad_(False).to(device)
    if compiled:
        model.image_encoder.compile()
        model.memory_attention.compile(dynamic=True)
        model.sam_mask_decoder.compile(dynamic=True)
        model.memory_encoder.compile(dynamic=True)
    return model


def start(
    model: Sam2Model,
    frames: ArrayLike | FrameSource,
    options: TrackerOptions = EXACT,
) -> VideoTracker:
    """Open a session on 8-bit frames."""
    return VideoTracker(model, frames, limits=BYTES, options=options)


def start_folder(
    model: Sam2Model, folder: Path, options: TrackerOptions = EXACT
) -> VideoTracker:
    """Open a session on a folder of pictures."""
    return start(model, stack_frames(open_stack(folder)), options)


def click(
    tracker: VideoTracker, *, object_id: int, frame: int, xy: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    """Add a positive click, ``xy`` as fractions of the image; return the mask."""
    height, width = tracker.frames.shape_hw
    point_yx = (xy[1] * height, xy[0] * width)
    return tracker.add(PointPrompt(object_id, frame, point_yx)).mask


def propagate(
    tracker: VideoTracker, *, start: int = 0, objects: list[int] | None = None
) -> Iterator[tuple[int, dict[int, npt.NDArray[np.bool_]]]]:
    """Yield each frame's index and masks by object, from ``start`` to the end."""
    frames = range(start, len(tracker.frames))
    run = tracker.propagate(direction="forward", frames=frames, objects=objects)
    for result in run:
        yield result.frame, {one.object_id: one.mask for one in result}
