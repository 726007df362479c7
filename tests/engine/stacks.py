"""Stacks that are made as they are read, and what a run says about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.prompts import BoxPrompt, MaskPrompt, PointPrompt
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.views.view import View
from napari_sam2.engine.views.window import Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_sam2.core.results import FrameResult, MaskResult

LIMITS = as_limits(0, 2)
NOWHERE = Sighting(View(0, 0, 40, 48), None)
BLOB = np.zeros((40, 48), bool)
BLOB[8:22, 6:20] = True


class Generated:
    """Frames of a moving disc over noise; counts reads, and breaks where told to."""

    dtype, is_rgb = np.dtype(np.float32), False

    def __init__(self, count: int, shape_hw=(40, 48), broken=(), mirrored=False):
        self.count, self.shape_hw = count, shape_hw
        self.broken, self.mirrored = set(broken), mirrored
        self.read: list[int] = []

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, frame: int) -> np.ndarray:
        check_frame(frame, self.count)
        self.read.append(frame)
        if frame in self.broken:
            raise FrameError(f"Frame {frame} could not be read: bad sector.")
        t = self.count - 1 - frame if self.mirrored else frame
        y, x = np.ogrid[: self.shape_hw[0], : self.shape_hw[1]]
        disc = np.hypot(y - 15, x - 12 - t % 24) < 8
        noise = np.random.default_rng(t).random(self.shape_hw)
        return (disc + noise).astype(np.float32)


def said(result: MaskResult) -> tuple:
    """Return all that a result says, comparable."""
    return (
        result.object_id,
        result.frame,
        result.origin_yx,
        result.crop.shape,
        result.crop.tobytes(),
        result.predicted_iou,
        result.object_logit,
        result.is_prompted,
    )


def course(results: Iterable[FrameResult]) -> list[tuple]:
    """Return all that a run says, comparable, in its order."""
    return [(result.frame, *(said(one) for one in result)) for result in results]


def session(model, frames=None, options=EXACT) -> VideoTracker:
    """Return a session with three objects, prompted on frames 0, 3 and 5."""
    source = Generated(9) if frames is None else frames
    tracker = VideoTracker(model, source, limits=LIMITS, options=options)
    tracker.add(PointPrompt(1, 0, (15, 12)))
    tracker.add(BoxPrompt(2, 3, (5, 8, 30, 40)))
    tracker.add(PointPrompt(7, 5, (20, 30)))
    return tracker


def three(tracker: VideoTracker) -> VideoTracker:
    """Add an object by each kind of prompt, on frames 0, 0 and 2."""
    tracker.add(PointPrompt(1, 0, (15, 12)))
    tracker.add(BoxPrompt(2, 0, (5, 8, 30, 40)))
    tracker.add(MaskPrompt(3, 2, BLOB))
    return tracker


def by_object(results: Iterable[FrameResult]) -> dict[int, list[tuple]]:
    """Return all that a run says about each object."""
    found: dict[int, list[tuple]] = {}
    for result in results:
        for one in result:
            found.setdefault(one.object_id, []).append(said(one))
    return found
