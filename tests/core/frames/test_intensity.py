"""Intensities to 0 … 1: robust, per stack, and never poisoned."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.intensity import (
    IntensityLimits,
    as_limits,
    estimate_limits,
)
from napari_sam2.core.frames.source import ArrayFrames

DTYPES = st.sampled_from(
    [
        "bool",
        "u1",
        "i1",
        "u2",
        ">u2",
        "i2",
        "u4",
        "i4",
        "u8",
        "i8",
        "f2",
        "f4",
        ">f4",
        "f8",
    ]
).map(np.dtype)


@given(hnp.arrays(DTYPES, (3, 4)))
def test_every_dtype_lands_between_black_and_white(pixels) -> None:
    if pixels.dtype == np.float64:  # percentiles of larger ones overflow
        pixels = np.where(np.isfinite(pixels), pixels.clip(-1e300, 1e300), pixels)
    stack = ArrayFrames(pixels[None])
    unit = estimate_limits(stack).to_unit(pixels)
    assert unit.dtype == np.float32
    assert unit.shape == pixels.shape
    assert ((unit >= 0) & (unit <= 1)).all()


@given(hnp.arrays(np.float64, 20, elements=st.floats(-1e6, 1e6)))
def test_order_is_kept(values) -> None:
    unit = as_limits(-10, 50).to_unit(np.sort(values)[None])
    assert (np.diff(unit[0]) >= 0).all()


@pytest.mark.parametrize("dtype", ["bool", "u1", "i1", "u2", ">u2", "i2", ">i2"])
@pytest.mark.parametrize("shape", [(700, 90), (0, 4), (4, 0), (40, 30, 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_small_integers_are_mapped_as_wide_ones_are(dtype, shape, channels) -> None:
    limits = IntensityLimits(
        (3.37, -20.0, 0.1)[:channels], (190.2, 60.0, 1e4)[:channels]
    )
    info = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    values = np.random.default_rng(0).integers(*info, shape, endpoint=True)
    pixels = values.astype(dtype)
    for part in (pixels, pixels[::2, 1::2]):
        unit = limits.to_unit(part)
        np.testing.assert_array_equal(unit, limits.to_unit(part.astype(np.int64)))
        assert unit.flags.c_contiguous


def test_black_white_and_between() -> None:
    pixels = np.array([[0, 100, 150, 200, 999]], np.uint16)
    np.testing.assert_allclose(as_limits(100, 200).to_unit(pixels), [[0, 0, 0.5, 1, 1]])


def test_what_is_not_finite_is_black_or_white() -> None:
    pixels = np.array([[np.nan, -np.inf, np.inf, 5]])
    for dtype in (np.float16, np.float32, np.float64):
        unit = as_limits(0, 10).to_unit(pixels.astype(dtype))
        np.testing.assert_allclose(unit, [[0, 0, 1, 0.5]])


def test_large_integers_keep_their_digits() -> None:
    base = 1 << 40
    pixels = np.array([[base, base + 1, base + 2]], np.int64)
    unit = as_limits(base, base + 2).to_unit(pixels)
    np.testing.assert_allclose(unit, [[0, 0.5, 1]])


def test_each_channel_has_its_own_range() -> None:
    limits = IntensityLimits((0, 10, 100), (1, 20, 200))
    unit = limits.to_unit(np.full((1, 1, 3), (1, 15, 100), np.int16))
    np.testing.assert_allclose(unit, [[[1, 0.5, 0]]])


@pytest.mark.parametrize(
    ("low", "high"), [(1, 1), (2, 1), (np.nan, 1), (0, np.inf), (-np.inf, 0)]
)
def test_limits_that_are_no_range(low, high) -> None:
    with pytest.raises(StackError, match="are no range"):
        as_limits(low, high)


def test_limits_are_one_or_three_pairs() -> None:
    with pytest.raises(StackError, match="one pair for each"):
        IntensityLimits((0, 0), (1, 1))
    with pytest.raises(StackError, match="one pair for each"):
        IntensityLimits((0,), (1, 1, 1))


def test_a_few_hot_pixels_do_not_darken_the_stack() -> None:
    stack = np.random.default_rng(0).integers(100, 200, (5, 64, 64)).astype(np.uint16)
    stack[2, 3, 4] = 65_535
    limits = estimate_limits(ArrayFrames(stack))
    assert 99 <= limits.low[0] <= 101
    assert 198 <= limits.high[0] <= 200


def test_one_range_holds_for_all_frames() -> None:
    stack = np.stack([np.full((8, 8), level, np.uint8) for level in (10, 20, 30)])
    limits = estimate_limits(ArrayFrames(stack))
    levels = [limits.to_unit(frame).mean() for frame in stack]
    np.testing.assert_allclose(levels, [0, 0.5, 1], atol=1e-6)


def test_eight_bit_colour_is_shown_as_it_is() -> None:
    stack = np.full((2, 4, 4, 3), 77, np.uint8)
    assert estimate_limits(ArrayFrames(stack)) == as_limits(0, 255)


def test_colour_keeps_its_balance_and_picked_channels_do_not() -> None:
    stack = np.zeros((2, 16, 16, 3), np.uint16)
    stack[..., 0] = np.arange(256).reshape(16, 16)
    stack[..., 1] = 10 * stack[..., 0]
    assert len(estimate_limits(ArrayFrames(stack)).low) == 1
    picked = estimate_limits(ArrayFrames(stack, (0, 1)))
    assert picked.high == pytest.approx((255, 2550, 1), rel=0.01)


@pytest.mark.parametrize("value", [0, 7, np.nan, np.inf])
def test_a_flat_stack_has_a_range_all_the_same(value) -> None:
    stack = np.full((2, 4, 4), value, np.float32)
    unit = estimate_limits(ArrayFrames(stack)).to_unit(stack[0])
    assert np.isfinite(unit).all()


def test_nearly_flat_stacks_show_what_differs() -> None:
    stack = np.zeros((1, 200, 200), np.uint8)
    stack[0, 5, 5] = 200
    assert estimate_limits(ArrayFrames(stack)) == as_limits(0, 200)


class Counting:
    """A source of grey frames that counts reads and may fail."""

    shape_hw, dtype, is_rgb = (2000, 1000), np.dtype(np.uint8), False

    def __init__(self, count, failing=()) -> None:
        self.count, self.failing, self.read = count, failing, 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, frame):
        self.read += 1
        if frame in self.failing:
            raise FrameError(f"Frame {frame} could not be read.")
        return np.full(self.shape_hw, frame % 200, np.uint8)


def test_only_a_dozen_frames_are_read() -> None:
    source = Counting(100_000)
    estimate_limits(source)
    assert source.read <= 12


def test_of_large_frames_fewer_are_read() -> None:
    class Large(Counting):
        shape_hw = (20_000, 20_000)

        def __getitem__(self, frame):  # not as large as it says: only counting matters
            self.read += 1
            return np.full((20, 20), frame % 200, np.uint8)

    source = Large(100_000)
    estimate_limits(source)
    assert source.read == 3


def test_broken_frames_do_not_count() -> None:
    limits = estimate_limits(Counting(3, failing=[1]))
    assert limits == as_limits(0, 2)


def test_when_no_frame_can_be_read_there_is_no_range() -> None:
    with pytest.raises(FrameError, match="could not be read"):
        estimate_limits(Counting(3, failing=[0, 1, 2]))


@pytest.mark.parametrize("size", [1e300, 1e-300, 1.7e308, 1e-40])
@pytest.mark.parametrize("shape", [(1, 5), (1, 5, 3)])
def test_numbers_of_any_size_keep_their_shades(size, shape) -> None:
    shades = np.array([-1, -0.5, 0, 0.5, 1]).reshape(1, 5, *[1] * (len(shape) - 2))
    seen = as_limits(-size, size).to_unit(np.broadcast_to(shades * size, shape))
    expected = np.broadcast_to(shades / 2 + 0.5, shape)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen, expected, atol=1e-6)


def test_a_stack_without_numbers_is_told_once(caplog) -> None:
    stack = np.full((3, 8, 8), np.nan, np.float32)
    assert estimate_limits(ArrayFrames(stack)) == as_limits(0, 1)
    assert caplog.text.count("the model sees black frames") == 1
    stack[1, 2, 3] = 5
    caplog.clear()
    estimate_limits(ArrayFrames(stack))
    assert caplog.text == ""
