"""Packed masks give back every pixel, and know what is asked of them most."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_sam2.core.masks.packing import absent_mask, pack_mask, pack_result
from napari_sam2.core.masks.restored import restore_mask
from napari_sam2.core.results import mask_result

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12))


@given(MASKS)
def test_a_mask_comes_back_as_it_was(mask: np.ndarray) -> None:
    packed = pack_mask(mask)
    np.testing.assert_array_equal(packed.mask, mask)
    assert packed.area == mask.sum()
    assert packed.is_absent == (not mask.any())


@given(MASKS)
def test_it_agrees_with_the_result_it_was_made_from(mask: np.ndarray) -> None:
    result = mask_result(
        mask, object_id=1, frame=0, predicted_iou=0.5, object_logit=1.0
    )
    packed = pack_result(result).mask
    assert packed == pack_mask(mask)
    assert packed.box_yxyx == result.box_yxyx
    assert packed.centroid_yx == pytest.approx(result.centroid_yx)


def test_numpy_takes_it_for_the_mask() -> None:
    mask = np.zeros((6, 9), bool)
    mask[2:4, 1:7] = True
    packed = pack_mask(mask)
    assert np.asarray(packed).dtype == bool
    assert np.array_equal(packed, mask)
    assert np.asarray(packed, np.uint8).sum() == 12


@given(MASKS, st.data())
def test_covers_is_the_pixel(mask: np.ndarray, data: st.DataObject) -> None:
    y = data.draw(st.integers(-1, mask.shape[0]))
    x = data.draw(st.integers(-1, mask.shape[1]))
    inside = 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1]
    assert pack_mask(mask).covers((y, x)) == (inside and mask[y, x])


def test_a_result_with_empty_margins_is_packed_tightly() -> None:
    mask = np.zeros((9, 9), bool)
    mask[4, 5] = True
    loose = mask_result(mask, object_id=1, frame=0, predicted_iou=1, object_logit=1)
    loose = loose.within((9, 9), (0, 0))
    wide = type(loose)(1, 0, (9, 9), (0, 0), mask, 1.0, 1.0)
    assert pack_result(wide) == pack_result(loose)


def test_masks_are_equal_by_their_pixels() -> None:
    mask = np.zeros((20, 20), bool)
    mask[3:9, 4:7] = True
    assert pack_mask(mask) == pack_mask(mask.copy())
    assert pack_mask(mask) != pack_mask(mask.T)
    assert pack_mask(~mask) != pack_mask(mask)
    assert pack_mask(np.zeros((20, 20), bool)) == absent_mask((20, 20))
    assert absent_mask((20, 20)) != absent_mask((20, 21))


def test_digests_tell_frames_of_different_sizes_apart() -> None:
    mask = np.eye(5, dtype=bool)
    small, large = pack_mask(mask), pack_mask(np.pad(mask, (0, 1)))
    assert small != large
    assert small.digest != large.digest
    assert absent_mask((20, 20)).digest != absent_mask((20, 21)).digest


@given(st.integers(0, 9), st.booleans())
def test_masks_are_equal_however_they_were_compressed(level, is_deflated) -> None:
    mask = np.ones((60, 60), bool)
    mask[9:50, 9:50] = np.random.default_rng(0).random((41, 41)) < 0.5
    raw = np.packbits(mask).tobytes()
    bits = zlib.compress(raw, level) if is_deflated else raw
    packed = pack_mask(mask)
    stored = restore_mask((60, 60), (0, 0), (60, 60), bits, is_deflated)
    assert stored == packed
    assert (hash(stored), stored.digest) == (hash(packed), packed.digest)
    mask[10, 10:12] = [True, False]
    one = pack_mask(mask)
    mask[10, 10:12] = [False, True]
    assert pack_mask(mask) != one
    assert pack_mask(mask).digest != one.digest


def test_large_masks_take_little_memory() -> None:
    y, x = np.mgrid[:1000, :1000]
    assert pack_mask(np.hypot(y - 500, x - 500) < 400).nbytes < 8000


@given(
    arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=60)),
    st.booleans(),
)
def test_stored_bits_give_the_mask_back(mask: np.ndarray, is_tiled: bool) -> None:
    packed = pack_mask(np.tile(mask, (3, 3)) if is_tiled else mask)
    restored = restore_mask(
        packed.shape_hw,
        packed.origin_yx,
        packed.crop_hw,
        packed.bits,
        packed.is_deflated,
    )
    assert restored == packed
    assert restored.area == packed.area
    assert restored.centroid_yx == packed.centroid_yx


@pytest.mark.parametrize(
    ("origin", "size", "bits", "is_deflated"),
    [
        ((0, 0), (0, 0), b"\x80", False),
        ((0, 0), (0, 4), b"", False),
        ((-1, 0), (1, 1), b"\x80", False),
        ((9, 0), (2, 1), b"\xc0", False),
        ((0, 0), (1, 1), b"\xc0", False),
        ((0, 0), (1, 1), b"\x00", False),
        ((0, 0), (1, 1), b"\x80\x00", False),
        ((0, 0), (2, 2), b"\xc0", False),
        ((0, 0), (10, 10), zlib.compress(bytes(10**6)), True),
        ((0, 0), (10, 10), zlib.compress(b"\xff" * 13)[:-3], True),
        ((0, 0), (10, 10), b"no zlib", True),
    ],
)
def test_bits_of_no_mask_are_refused(origin, size, bits, is_deflated) -> None:
    with pytest.raises(ValueError, match=r"pixels|bounding box"):
        restore_mask((10, 10), origin, size, bits, is_deflated)
