"""The bundled model follows what it should."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.prompts import PointPrompt
from napari_sam2.engine.tracker import VideoTracker
from tests.conftest import discs


def iou(mask: np.ndarray, truth: np.ndarray) -> float:
    return (mask & truth).sum() / (mask | truth).sum()


@pytest.fixture(scope="module")
def tracked(nano):
    stack, labels = discs(6, (64, 80))
    tracker = VideoTracker(nano, stack)
    for object_id, frame in ((1, 0), (2, 3)):
        y, x = np.argwhere(labels[frame] == object_id).mean(axis=0).tolist()
        tracker.add(PointPrompt(object_id, frame, (y, x)))
    return labels, collect(tracker)


def collect(tracker) -> dict[int, np.ndarray]:
    found: dict[int, np.ndarray] = {}
    for result in tracker.propagate():
        frame = found.setdefault(result.frame, np.zeros((64, 80), np.uint16))
        np.maximum(frame, result.labels(), out=frame)
    return found


@pytest.mark.parametrize("object_id", [1, 2])
def test_both_discs_are_followed_both_ways(tracked, object_id) -> None:
    labels, found = tracked
    assert sorted(found) == [*range(6)]
    for frame, image in found.items():
        assert iou(image == object_id, labels[frame] == object_id) > 0.8


def test_a_correction_of_a_good_mask_leaves_it_good(nano, moving_discs) -> None:
    stack, labels = moving_discs
    tracker = VideoTracker(nano, stack)
    y, x = np.argwhere(labels[0] == 1).mean(axis=0)
    tracker.add(PointPrompt(1, 0, (y, x)))
    tracked = {result.frame: result[1] for result in tracker.propagate()}
    y, x = np.argwhere(labels[6] == 1).mean(axis=0)
    corrected = tracker.add(PointPrompt(1, 6, (y + 3, x + 3)))
    truth = labels[6] == 1
    assert iou(tracked[6].mask, truth) > 0.8
    assert iou(corrected.mask, truth) > 0.8
