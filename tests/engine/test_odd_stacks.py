"""Stacks of any shape and type, read at once or lazily."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.errors import (
    StackError,
)
from napari_sam2.core.prompts import MaskPrompt, PointPrompt
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from tests.engine.stacks import Generated, course


@pytest.mark.parametrize(
    "stack",
    [
        np.zeros((3, 1, 1), np.uint8),
        np.zeros((1, 20, 30), np.uint16),
        np.full((3, 20, 30), np.nan, np.float32),
        np.full((3, 20, 30), np.inf),
        np.zeros((3, 20, 30), bool),
        np.zeros((3, 20, 30, 3), np.uint8),
        np.zeros((3, 20, 30, 2), np.int16),
        np.zeros((3, 20, 30, 7), np.float16),
        np.zeros((3, 1, 500), np.uint8),
        np.zeros((2, 700, 3), np.int64),
    ],
    ids=lambda stack: f"{stack.shape} {stack.dtype}",
)
def test_odd_stacks(miniature, stack) -> None:
    stack = stack.copy()
    stack[-1, 0, 0] = 1
    tracker = VideoTracker(miniature, stack)
    shape = stack.shape[1:3]
    assert tracker.add(PointPrompt(1, 0, (0, 0))).mask.shape == shape
    tracker.add(MaskPrompt(2, 0, np.ones(shape, bool)))
    results = list(tracker.propagate())
    assert len(results) == len(stack)
    for result in results:
        assert result.labels().shape == shape
        assert all(np.isfinite([r.predicted_iou, r.object_logit]).all() for r in result)


def test_a_stack_without_frames(miniature) -> None:
    with pytest.raises(StackError, match="no frames"):
        VideoTracker(miniature, np.zeros((0, 20, 30)))


@pytest.mark.parametrize("kind", ["dask", "zarr"])
def test_lazy_arrays(miniature, kind) -> None:
    import dask.array
    import zarr

    stack = np.stack([Generated(6)[t] for t in range(6)])
    wrap = {"dask": dask.array.from_array, "zarr": zarr.array}[kind]
    courses = []
    for frames in (stack, wrap(stack)):
        tracker = VideoTracker(miniature, frames, options=EXACT)
        tracker.add(PointPrompt(1, 2, (15, 12)))
        courses.append(course(tracker.propagate()))
    assert courses[0] == courses[1]
