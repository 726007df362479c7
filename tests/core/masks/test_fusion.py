"""Masks from several orientations of a volume, fused by confidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_sam2.core.masks.fusion import agreement, fuse
from napari_sam2.core.masks.orientation import Oriented, cut
from napari_sam2.core.masks.soft import soft_mask
from napari_sam2.core.results import FrameResult, mask_result

SHAPE = (4, 5, 6)
ZYX, YZX, XZY = (0, 1, 2), (1, 0, 2), (2, 0, 1)
EVERY = (ZYX, YZX, XZY, (0, 2, 1), (1, 2, 0), (2, 1, 0))
VOLUME = hnp.arrays(bool, SHAPE)


def found(volumes, dims=ZYX, frames=None, iou=0.8, logit=50.0):
    """Return masks, (Z, Y, X) by object, as an orientation finds them."""
    turned = {i: np.transpose(volume, dims) for i, volume in volumes.items()}
    count = SHAPE[dims[0]]

    def read():
        for frame in range(count) if frames is None else frames:
            yield FrameResult(
                frame,
                tuple(
                    mask_result(
                        volume[frame], object_id=i, frame=frame, predicted_iou=iou,
                        object_logit=logit if volume[frame].any() else -logit,
                    )
                    for i, volume in turned.items()
                ),
            )  # fmt: skip

    return Oriented(dims, read)


def fused(views, prompted=((1, 1),), **options):
    """Return the fused volumes by object, and all results."""
    volumes, results = {}, {}
    for result in fuse(views, SHAPE, prompted, **options):
        for one in result:
            volume = volumes.setdefault(one.object_id, np.zeros(SHAPE, bool))
            volume[one.frame] = one.mask
            assert (one.object_id, one.frame) not in results
            results[one.object_id, one.frame] = one
    return volumes, results


@given(VOLUME, st.sampled_from(EVERY), st.integers(0, 2), st.data())
def test_a_cut_is_a_plane_of_the_volume(volume, dims, axis, data):
    index = data.draw(st.integers(0, SHAPE[axis] - 1))
    planes = cut(found({7: volume}, dims), SHAPE, axis, {(7, index)})
    np.testing.assert_array_equal(planes[7, index], volume.take(index, axis))


@given(VOLUME, st.sampled_from(EVERY))
def test_orientations_that_agree_give_what_each_gives(volume, dims):
    volumes, _ = fused([found({1: volume}), found({1: volume}, dims)])
    np.testing.assert_array_equal(volumes[1], volume)


@given(VOLUME, VOLUME, VOLUME)
def test_three_that_agree_where_prompted_decide_by_majority(a, b, c):
    for volume in (a, b, c):
        volume[1] = a[1]
        volume[1, 2, 2] = True
    views = [found({1: v}, d) for v, d in zip((a, b, c), (ZYX, YZX, XZY), strict=True)]
    volumes, _ = fused(views)
    np.testing.assert_array_equal(volumes[1], a.astype(int) + b + c > 1)


def test_an_orientation_that_ran_out_where_prompted_has_little_to_say():
    true, leaked = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)
    true[:, 1:3, 1:3] = True
    views = [found({1: true}), found({1: leaked}, YZX), found({1: leaked}, XZY)]
    volumes, _ = fused(views)
    np.testing.assert_array_equal(volumes[1], true)
    weights = agreement(views, SHAPE, {(1, 1)})[1]
    assert weights == pytest.approx((1, 4 / 30, 4 / 30))


def test_what_one_orientation_misses_the_others_find():
    volume, gap = np.ones(SHAPE, bool), np.ones(SHAPE, bool)
    gap[2] = False
    views = [found({1: gap}), found({1: volume}, YZX), found({1: volume}, XZY)]
    volumes, results = fused(views)
    assert volumes[1][2].all()
    assert 0 < results[1, 2].object_logit < results[1, 1].object_logit
    assert results[1, 2].predicted_iou < results[1, 1].predicted_iou


@pytest.mark.parametrize(("logit", "is_there"), [(0.1, True), (-0.1, False)])
def test_what_is_probably_not_in_a_slice_is_not_there(logit, is_there):
    views = [found({1: np.ones(SHAPE, bool)}, one, logit=logit) for one in (ZYX, YZX)]
    volumes, _ = fused(views)
    assert volumes[1].all() == volumes[1].any() == is_there


def softened(view, probability):
    """Return a view with probabilities, (Z, Y, X)."""
    turned = probability.transpose(view.dims)

    def read():
        for result in view.read():
            (one,) = result
            soft = soft_mask(turned[one.frame], one.mask, (0, 0))
            yield FrameResult(one.frame, (replace(one, soft=soft),))

    return Oriented(view.dims, read)


@pytest.mark.parametrize(("probability", "is_kept"), [(0.55, False), (0.95, True)])
def test_two_that_are_unsure_do_not_outvote_one_that_is_not(probability, is_kept):
    true, more = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)
    true[:, 1:3, 1:3] = True
    more[1] = true[1]  # where it is prompted all agree
    sure = np.where(true, 1.0, probability).astype(np.float32)
    views = [softened(found({1: more}, dims), sure) for dims in (ZYX, XZY)]
    volumes, _ = fused([*views, found({1: true}, YZX)])
    np.testing.assert_array_equal(volumes[1], more if is_kept else true)


@settings(max_examples=30)
@given(VOLUME, VOLUME, st.integers(1, 3000))
def test_small_memory_gives_the_same(a, b, block_bytes):
    views = [
        found({1: a, 2: b}), found({1: b, 2: a}, YZX), found({1: a, 2: a}, XZY),
    ]  # fmt: skip
    prompted = {(1, 1), (2, 0)}
    at_once, expected = fused(views, prompted)
    in_parts, results = fused(views, prompted, block_bytes=block_bytes)
    assert results.keys() == expected.keys()
    for object_id, volume in at_once.items():
        np.testing.assert_array_equal(in_parts[object_id], volume)
    for key, one in expected.items():
        assert results[key].predicted_iou == pytest.approx(one.predicted_iou)
        assert results[key].object_logit == pytest.approx(one.object_logit)


def test_only_frames_that_were_followed_are_fused():
    volume = np.ones(SHAPE, bool)
    views = [found({1: volume}, frames=(1, 2)), found({1: volume}, YZX)]
    _, results = fused(views)
    assert sorted(results) == [(1, 1), (1, 2)]


def test_an_object_that_nobody_sees_is_absent():
    volumes, results = fused([found({1: np.zeros(SHAPE, bool)}) for _ in range(2)])
    assert not volumes[1].any()
    assert len(results) == SHAPE[0]
    assert all(one.object_logit < 0 for one in results.values())


def test_settled_masks_stay_as_they_are():
    mine, theirs = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)
    mine[1] = theirs[1]
    mine[2, 1, 1] = True
    views = [found({1: mine}), found({1: theirs}, YZX), found({1: theirs}, XZY)]
    volumes, _ = fused(views, settled={(1, 2)})
    np.testing.assert_array_equal(volumes[1][2], mine[2])
    assert volumes[1][3].all()
