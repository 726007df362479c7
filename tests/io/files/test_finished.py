"""What is packed away comes back the same, in whatever order it came."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_sam2.core.errors import OutputError
from napari_sam2.core.masks.soft import SoftMask
from napari_sam2.core.results import FrameResult, mask_result
from napari_sam2.io.files.finished import FinishedFrames

SHAPE = (7, 9)
masks = arrays(np.bool_, SHAPE)


def result(frame: int, objects: dict[int, np.ndarray], iou: float = 0.5) -> FrameResult:
    found = [
        mask_result(
            mask,
            object_id=object_id,
            frame=frame,
            predicted_iou=iou,
            object_logit=-1.25,
            is_prompted=object_id % 2 == 0,
        )
        for object_id, mask in sorted(objects.items())
    ]
    return FrameResult(frame, tuple(found))


@given(st.dictionaries(st.integers(0, 5), masks, min_size=1))
def test_every_frame_comes_back(tmp_path_factory, by_frame):
    with closing(FinishedFrames(tmp_path_factory.mktemp("f"), SHAPE)) as finished:
        for frame, mask in reversed(by_frame.items()):
            finished.add(result(frame, {300: mask}))
        assert finished.frames == tuple(sorted(by_frame))
        for frame, mask in by_frame.items():
            (one,) = finished[frame]
            assert np.array_equal(one.mask, mask)
            assert (one.object_id, one.frame) == (300, frame)
            assert (one.predicted_iou, one.object_logit) == (0.5, -1.25)
            assert one.is_prompted
        assert len(finished[99]) == 0


@given(masks, arrays(np.uint8, (3, 4)))
def test_probabilities_come_back(tmp_path_factory, mask, levels):
    (one,) = result(3, {1: mask})
    soft = replace(one, soft=SoftMask((2, 1), levels))
    with closing(FinishedFrames(tmp_path_factory.mktemp("f"), SHAPE)) as finished:
        finished.add(FrameResult(3, (soft, replace(one, object_id=2))))
        stored, hard = finished[3]
    assert stored.soft.origin_yx == (2, 1)
    np.testing.assert_array_equal(stored.soft.levels, levels)
    np.testing.assert_array_equal(stored.mask, mask)
    assert hard.soft is None


@given(masks, masks, st.booleans())
def test_parts_of_a_frame_are_joined_without_overlap(tmp_path_factory, one, two, surer):
    with closing(FinishedFrames(tmp_path_factory.mktemp("f"), SHAPE)) as finished:
        finished.add(result(0, {2: two}, 0.5))
        joined = finished.add(result(0, {1: one}, 0.9 if surer else 0.1))
        stored = finished[0]
    assert [o.object_id for o in joined] == [o.object_id for o in stored] == [1, 2]
    assert np.array_equal(joined[1].mask, stored[1].mask)
    assert not (joined[1].mask & joined[2].mask).any()
    assert np.array_equal(joined[1].mask | joined[2].mask, one | two)
    winner, whole = (1, one) if surer else (2, two)
    assert np.array_equal(joined[winner].mask, whole)


def test_a_later_result_of_an_object_replaces_the_earlier(tmp_path):
    first, second = np.zeros((2, *SHAPE), bool)
    first[:3], second[4:] = True, True
    with closing(FinishedFrames(tmp_path, SHAPE)) as finished:
        finished.add(result(0, {1: first}, 0.9))
        finished.add(result(0, {1: second}, 0.1))
        assert np.array_equal(finished[0][1].mask, second)


def test_a_full_disk_is_a_sentence(tmp_path, full_disk):
    noise = np.random.default_rng(0).random((600, 600)) > 0.5
    with closing(FinishedFrames(tmp_path, noise.shape)) as finished:
        full_disk(1000)
        with pytest.raises(OutputError, match="disk is full"):
            for frame in range(200):  # more than stays in memory
                finished.add(result(frame, {1: noise}))
