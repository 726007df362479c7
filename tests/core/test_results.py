"""Results: crops and whole frames say the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_sam2.core.errors import PromptError, Sam2Error
from napari_sam2.core.results import FrameResult, MaskResult, mask_result

SHAPE = (7, 9)
MASKS = hnp.arrays(bool, SHAPE)


def result(mask, object_id=1, iou=0.5) -> MaskResult:
    return mask_result(
        np.asarray(mask, bool), object_id=object_id, frame=2, predicted_iou=iou,
        object_logit=1.5, is_prompted=True,
    )  # fmt: skip


@given(MASKS)
def test_nothing_is_lost_in_the_crop(mask) -> None:
    one = result(mask)
    np.testing.assert_array_equal(one.mask, mask)
    assert one.area == mask.sum()
    assert one.is_absent == (not mask.any())
    assert (one.box_yxyx is None) == (one.centroid_yx is None) == one.is_absent
    if mask.any():
        rows, columns = np.nonzero(mask)
        assert one.box_yxyx == (rows.min(), columns.min(), rows.max(), columns.max())
        assert one.centroid_yx == pytest.approx((rows.mean(), columns.mean()))


@given(MASKS)
def test_the_crop_is_a_copy(mask) -> None:
    one = result(mask)
    before = one.mask
    mask[:] = ~mask
    np.testing.assert_array_equal(one.mask, before)


@given(MASKS, st.integers(0, 4), st.integers(0, 4))
def test_a_part_becomes_a_whole(mask, y, x) -> None:
    shape = (SHAPE[0] + y + 1, SHAPE[1] + x + 2)
    whole = result(mask).within(shape, (y, x))
    expected = np.zeros(shape, bool)
    expected[y : y + SHAPE[0], x : x + SHAPE[1]] = mask
    np.testing.assert_array_equal(whole.mask, expected)


@given(MASKS, MASKS)
def test_less_another(mine, others) -> None:
    less = result(mine).without(result(others))
    np.testing.assert_array_equal(less.mask, mine & ~others)
    assert less.shape_hw == SHAPE
    assert (less.object_id, less.frame, less.predicted_iou) == (1, 2, 0.5)
    assert less.is_prompted
    box = less.box_yxyx
    assert box is None or less.crop[0].any()


def test_objects_are_found_by_their_id() -> None:
    a, b = result(np.ones(SHAPE), 3), result(np.zeros(SHAPE), 8)
    frame = FrameResult(2, (a, b))
    assert frame[8] is b
    assert list(frame) == [a, b]
    assert len(frame) == 2
    with pytest.raises(KeyError):
        frame[1]


@given(st.lists(st.tuples(MASKS, st.floats(0, 1)), min_size=1, max_size=4))
def test_labels_show_the_surest_on_top(objects) -> None:
    results = [result(mask, i + 1, iou) for i, (mask, iou) in enumerate(objects)]
    labels = FrameResult(2, tuple(results)).labels()
    assert labels.dtype == np.uint16
    for y, x in np.ndindex(SHAPE):
        there = [r for r in results if r.mask[y, x]]
        best = max((r.predicted_iou for r in there), default=None)
        if best is None:
            assert labels[y, x] == 0
        else:
            assert results[labels[y, x] - 1].predicted_iou == best


def test_frames_without_objects_need_a_shape() -> None:
    empty = FrameResult(0, ())
    np.testing.assert_array_equal(empty.labels(SHAPE), np.zeros(SHAPE))
    with pytest.raises(Sam2Error, match="shape_hw"):
        empty.labels()


@pytest.mark.parametrize("shape_hw", [(3, 3), (2, 3, 1), "x", 2])
def test_labels_have_the_shape_of_their_frame(shape_hw) -> None:
    mask = np.ones((2, 3), bool)
    one = mask_result(mask, object_id=1, frame=0, predicted_iou=1.0, object_logit=1.0)
    assert FrameResult(0, (one,)).labels([2, 3]).shape == (2, 3)
    with pytest.raises(Sam2Error, match="2 × 3 pixels cannot have the shape"):
        FrameResult(0, (one,)).labels(shape_hw)


def test_an_object_number_too_large_for_the_type_is_explained():
    mask = np.ones((2, 3), bool)
    one = mask_result(
        mask, object_id=70_000, frame=0, predicted_iou=1.0, object_logit=1.0
    )
    with pytest.raises(PromptError, match=r"Object 70000 does not fit .* uint16"):
        FrameResult(0, (one,)).labels()
    assert (FrameResult(0, (one,)).labels(dtype=np.uint32) == 70_000).all()


ROWS = st.lists(st.lists(st.integers(0, 3), min_size=9, max_size=9), max_size=5)


@given(ROWS, ROWS, st.lists(st.floats(0, 1), min_size=10, max_size=10))
def test_joined_results_share_no_pixel_and_lose_none(older, newer, ious) -> None:
    def found(rows, first) -> list[MaskResult]:
        masks = enumerate((np.array([row]) > 2 for row in rows), first)
        return [result(mask, object_id, ious[object_id]) for object_id, mask in masks]

    before, after = found(older, 0), found(newer, 3)  # 3 and 4 may be in both
    kept = [one for one in before if not 3 <= one.object_id < 3 + len(newer)]
    joined = FrameResult(0, tuple(before)).joined(FrameResult(0, tuple(after)))
    assert [one.object_id for one in joined] == [
        one.object_id for one in sorted((*kept, *after), key=lambda one: one.object_id)
    ]
    mine, theirs = (
        np.any([np.zeros((1, 9), bool), *(joined[o.object_id].mask for o in part)], 0)
        for part in (kept, after)
    )
    assert not (mine & theirs).any()
    everything = [one.mask for one in (*kept, *after)]
    assert ((mine | theirs) == np.any([np.zeros((1, 9), bool), *everything], 0)).all()


def test_objects_far_apart_are_not_compared(monkeypatch) -> None:
    compared = []
    without = MaskResult.without
    monkeypatch.setattr(
        MaskResult, "without", lambda *pair: compared.append(pair) or without(*pair)
    )
    cells = [np.zeros((90, 9), bool) for _ in range(30)]
    for y, cell in enumerate(cells):
        cell[3 * y : 3 * y + 2] = True
    frames = [
        FrameResult(0, tuple(result(cells[i], i + 1) for i in range(first, 30, 2)))
        for first in (0, 1)
    ]
    assert len(frames[0].joined(frames[1])) == 30
    assert not compared
