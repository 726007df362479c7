"""The same objects in a session of either side, stepped through in turns."""

from __future__ import annotations

from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.benchmarking import ours, reference
from napari_sam2.benchmarking.clock import seconds
from napari_sam2.benchmarking.footage import picture, place_yx
from napari_sam2.benchmarking.footprint import footprint_of
from napari_sam2.core.geometry import mask_iou

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.engine.network import Network


class Sessions:
    """Both sides on the same frames, with one click for each object on frame 0.

    Parameters
    ----------
    predictor : SAM2VideoPredictor
        The reference, which wants all frames at once.
    model : Network
        Ours, with the same weights.
    frame_count, objects : int

    Attributes
    ----------
    state : dict
        The reference's session.
    tracker : VideoTracker
        Ours.
    """

    def __init__(
        self,
        predictor: Any,
        model: Network,
        frame_count: int,
        objects: int,
    ) -> None:
        self.frame_count, self.objects = frame_count, objects
        size = model.config.image_size
        pixels = np.stack([picture(t, size) for t in range(frame_count)])
        self.theirs, self.ours = footprint_of(predictor), footprint_of(model)
        self.predictor = predictor
        with self.theirs.counting():
            self.state = reference.start(predictor, reference.normalised(pixels))
        with self.ours.counting():
            self.tracker = ours.start(model, pixels)
        self.click_all(0)
        self._their_run = reference.propagate(predictor, self.state, start=0)
        self._our_run = ours.propagate(self.tracker, range(frame_count))

    def skip(self, frames: int) -> None:
        """Walk on without looking at the clock."""
        with self.theirs.counting():
            advance(self._their_run, frames)
        with self.ours.counting():
            advance(self._our_run, frames)

    def walk(self, blocks: int, frames_per_block: int) -> tuple[float, float]:
        """Return both medians of seconds per frame over alternating blocks.

        Blocks of several frames keep what our side reads ahead within its own time.
        """
        pairs = [
            (
                seconds(lambda: advance(self._their_run, frames_per_block)),
                seconds(lambda: advance(self._our_run, frames_per_block)),
            )
            for _ in range(blocks)
        ]
        theirs, mine = zip(*pairs, strict=True)
        return median(theirs) / frames_per_block, median(mine) / frames_per_block

    def agreement(self) -> float:
        """Finish both runs; return the least IoU of two masks on the last frame."""
        *_, (_, theirs) = self._their_run
        *_, (_, mine) = self._our_run
        return min(mask_iou(theirs[object_id], mine[object_id]) for object_id in theirs)

    def click_all(self, frame: int) -> None:
        """Click on every object on a frame, on both sides."""
        for object_id in range(1, self.objects + 1):
            yx = place_yx(object_id - 1)
            with self.theirs.counting():
                self.click_theirs(object_id, frame, yx)
            with self.ours.counting():
                self.click_ours(object_id, frame, yx)

    def click_theirs(self, object_id: int, t: int, yx: tuple[float, float]) -> None:
        """Click on an object in the reference, ``yx`` as fractions of the image."""
        reference.click(self.predictor, self.state, object_id=object_id, frame=t, yx=yx)

    def click_ours(self, object_id: int, t: int, yx: tuple[float, float]) -> None:
        """Click on an object on our side, ``yx`` as fractions of the image."""
        ours.click(self.tracker, object_id=object_id, frame=t, yx=yx)


def advance(run: Iterator[Any], frames: int) -> None:
    """Compute so many frames of a run."""
    for _ in islice(run, frames):
        pass
