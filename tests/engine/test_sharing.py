"""What is computed once and together, and what happens when it does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from napari_sam2.core.errors import (
    GpuMemoryError,
)
from napari_sam2.core.prompts import PointPrompt
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from tests.engine.stacks import LIMITS, Generated, three


@pytest.fixture
def decoded(miniature, monkeypatch) -> list[int]:
    """Return a list of how many objects were decoded at once."""
    calls: list[int] = []
    decode = type(miniature).decode

    def counting(self, coarse, features, prompts, *, ambiguous):
        calls.append(len(prompts.sparse))
        return decode(self, coarse, features, prompts, ambiguous=ambiguous)

    monkeypatch.setattr(type(miniature), "decode", counting)
    return calls


def test_features_are_shared_by_objects_directions_and_runs(tracker, encoded) -> None:
    three(tracker)
    for direction in ("forward", "backward", "both"):
        list(tracker.propagate(direction=direction))
    assert encoded == [1] * 8


def test_objects_are_computed_together(tracker, decoded) -> None:
    for object_id in range(1, 6):
        tracker.add(PointPrompt(object_id, 0, (15, 5 * object_id)))
    decoded.clear()
    list(tracker.propagate())
    assert decoded == [5] * 7


def test_a_group_may_be_limited(miniature, decoded) -> None:
    options = replace(EXACT, group_size=2)
    tracker = VideoTracker(miniature, Generated(3), limits=LIMITS, options=options)
    for object_id in range(1, 6):
        tracker.add(PointPrompt(object_id, 0, (15, 5 * object_id)))
    decoded.clear()
    list(tracker.propagate())
    assert decoded == [2, 2, 1] * 2


def test_correcting_one_object_computes_that_object_only(
    tracker, encoded, decoded
) -> None:
    three(tracker)
    list(tracker.propagate())
    assert len(encoded) == 8
    encoded.clear()
    decoded.clear()
    tracker.add(PointPrompt(1, 4, (30, 30)))
    results = list(tracker.propagate(objects=[1]))
    assert encoded == []
    assert decoded == [1] * 7  # the correction, and the six frames without a prompt
    assert all(one.object_id == 1 for result in results for one in result)


def test_a_full_gpu_is_told_in_a_sentence(tracker, miniature, monkeypatch) -> None:
    def full(self, images):
        raise torch.OutOfMemoryError("CUDA out of memory")

    tracker.add(PointPrompt(1, 0, (15, 12)))
    with monkeypatch.context() as broken:
        broken.setattr(type(miniature), "encode_image", full)
        with pytest.raises(GpuMemoryError, match="smaller model"):
            tracker.add(PointPrompt(1, 3, (15, 12)))
        with pytest.raises(GpuMemoryError, match="smaller model"):
            list(tracker.propagate())
    assert len(list(tracker.resume())) == 7
