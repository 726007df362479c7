"""Stored pixels to the model's normalised square."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.frames.intensity import (
    IntensityLimits,
    as_limits,
    estimate_limits,
)
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.engine.frames.preprocess import to_model, to_unit
from tests.golden.recipe import IMAGENET_MEAN, IMAGENET_STD

CPU = torch.device("cpu")
SIDES = st.integers(1, 40)


def shown(pixels: np.ndarray, limits: IntensityLimits, size: int = 32) -> np.ndarray:
    """Return what the model sees, un-normalised, (size, size, 3)."""
    image = to_model(to_unit(pixels, limits), size, CPU)
    assert image.shape == (1, 3, size, size)
    assert image.dtype == torch.float32
    return image[0].permute(1, 2, 0).numpy() * IMAGENET_STD + IMAGENET_MEAN


@pytest.mark.parametrize(
    "dtype",
    [
        "bool",
        "u1",
        "i1",
        "u2",
        ">u2",
        "<i2",
        "u4",
        "i4",
        "u8",
        "i8",
        "f2",
        "f4",
        ">f4",
        "f8",
        ">f8",
    ],
)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_every_dtype(dtype, channels) -> None:
    pixels = np.zeros((32, 32, *channels), dtype)
    pixels[:, 16:] = 1
    seen = shown(pixels, as_limits(0, 1))
    np.testing.assert_allclose(seen[:, :16], 0, atol=1e-5)
    np.testing.assert_allclose(seen[:, 16:], 1, atol=1e-5)


@given(SIDES, SIDES)
def test_any_shape_is_squashed_to_the_square(height, width) -> None:
    pixels = np.full((height, width), 130, np.uint16)
    np.testing.assert_allclose(shown(pixels, as_limits(100, 200)), 0.3, atol=1e-4)


def test_eight_bits_need_no_stretching() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    limits = as_limits(0, 255)
    assert to_unit(pixels, limits).dtype == np.uint8
    np.testing.assert_allclose(shown(pixels, limits), pixels / 255, atol=1e-5)
    as_float = shown(pixels.astype(np.float32), limits)
    np.testing.assert_allclose(shown(pixels, limits), as_float, atol=1e-5)


def test_grey_is_shown_as_grey() -> None:
    seen = shown(np.random.default_rng(0).random((32, 32)), as_limits(0, 1))
    np.testing.assert_allclose(seen[..., :1], seen[..., 1:2], atol=1e-5)
    np.testing.assert_allclose(seen[..., :1], seen[..., 2:], atol=1e-5)


def test_channels_keep_their_order_and_their_ranges() -> None:
    pixels = np.zeros((8, 8, 3), np.uint16) + np.array([10, 200, 3000], np.uint16)
    limits = IntensityLimits((0, 0, 0), (100, 400, 4000))
    seen = shown(pixels, limits)
    np.testing.assert_allclose(seen, np.broadcast_to([0.1, 0.5, 0.75], seen.shape),
                               atol=1e-4)  # fmt: skip


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_bad_pixel_does_not_poison_the_frame(value) -> None:
    pixels = np.full((64, 64), 0.5, np.float32)
    pixels[10, 10] = value
    seen = shown(pixels, as_limits(0, 1))
    assert np.isfinite(seen).all()
    assert np.isclose(seen, 0.5, atol=1e-4).all(axis=2).sum() > 1000


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[::2, ::-1],
        lambda a: np.asfortranarray(a),
        lambda a: a.transpose(1, 0, 2),
        lambda a: np.broadcast_to(a[:1], a.shape),
    ],
    ids=["strided", "fortran", "transposed", "broadcast"],
)
def test_memory_order_does_not_matter(dtype, view) -> None:
    values = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(dtype)
    pixels, limits = view(values), as_limits(0, 255)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen = shown(pixels, limits)
    np.testing.assert_array_equal(seen, shown(pixels.copy(order="C"), limits))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_read_only_pixels(dtype) -> None:
    pixels = np.full((8, 8, 3), 7, dtype)
    pixels.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown(pixels, as_limits(0, 255))
    assert (pixels == 7).all()


def test_shrinking_averages() -> None:
    checks = np.indices((512, 512)).sum(axis=0) % 2
    seen = shown(checks.astype(np.float32), as_limits(0, 1))
    np.testing.assert_allclose(seen, 0.5, atol=0.05)


def test_two_channels_leave_blue_dark() -> None:
    stack = np.ones((1, 8, 8, 2), np.uint16)
    stack[0, :4] = 5
    frames = ArrayFrames(stack)
    seen = shown(frames[0], estimate_limits(frames))
    np.testing.assert_allclose(seen[..., 2], 0, atol=1e-5)
    assert seen[..., 0].max() == pytest.approx(1, abs=0.05)
