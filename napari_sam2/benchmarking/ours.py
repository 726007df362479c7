"""Our side of a comparison, set to do exactly what the reference does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.benchmarking.footage import BYTES
from napari_sam2.core.prompts import PointPrompt
from napari_sam2.engine.options import EXACT, TrackerOptions
from napari_sam2.engine.tracker import VideoTracker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.frames.source import ArrayLike, FrameSource
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.runs.plan import Direction


def start(
    model: Network,
    frames: ArrayLike | FrameSource,
    options: TrackerOptions = EXACT,
) -> VideoTracker:
    """Open a session on 8-bit frames."""
    return VideoTracker(model, frames, limits=BYTES, options=options)


def click(
    tracker: VideoTracker, *, object_id: int, frame: int, yx: tuple[float, float]
) -> npt.NDArray[np.bool_]:
    """Add a positive click, ``yx`` as fractions of the image; return the mask."""
    height, width = tracker.frames.shape_hw
    point_yx = (yx[0] * height, yx[1] * width)
    return tracker.add(PointPrompt(object_id, frame, point_yx)).mask


def propagate(
    tracker: VideoTracker,
    frames: range,
    *,
    objects: Sequence[int] | None = None,
    direction: Direction = "forward",
) -> Iterator[tuple[int, dict[int, npt.NDArray[np.bool_]]]]:
    """Yield each frame's index and masks by object."""
    run = tracker.propagate(direction=direction, frames=frames, objects=objects)
    for result in run:
        yield result.frame, {one.object_id: one.mask for one in result}
