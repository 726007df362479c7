"""A stack that fades becomes flat; whatever else happens in it stays as it is."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.bleaching import SteadyFrames, correct_bleaching
from napari_sam2.core.frames.source import ArrayFrames

COUNT = 40


def scene() -> np.ndarray:
    """Return the light of one frame: a third of it is bright."""
    light = np.zeros((30, 40))
    light[10:20] = np.random.default_rng(0).uniform(300, 900, (10, 40))
    return light


def fading(rate: float, offset: float = 100.0) -> np.ndarray:
    return offset + scene() * np.exp(-rate * np.arange(COUNT))[:, None, None]


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_a_bleaching_stack_becomes_flat(offset):
    steady = correct_bleaching(ArrayFrames(fading(0.03, offset)))
    for frame in range(COUNT):
        np.testing.assert_allclose(steady[frame], offset + scene(), rtol=1e-4)


def test_without_a_dark_background_too():
    light = np.random.default_rng(0).uniform(500, 900, (30, 40))
    stack = light * np.exp(-0.03 * np.arange(COUNT))[:, None, None]
    steady = correct_bleaching(ArrayFrames(stack))
    np.testing.assert_allclose(steady[COUNT - 1], light, rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_constant_stack_is_the_same_object(dtype):
    noise = np.random.default_rng(1).normal(120, 5, (COUNT, 30, 40))
    frames = ArrayFrames(noise.astype(dtype))
    assert correct_bleaching(frames) is frames


def test_an_object_that_fills_the_frame_does_not_pump_the_brightness():
    frames = ArrayFrames(fading(0.0))
    frames.array[10:18] = 5000
    assert correct_bleaching(frames) is frames


@pytest.mark.parametrize("bright", [slice(0, 20), slice(20, 40), slice(0, 8)])
def test_a_step_is_no_bleaching(bright):
    stack = fading(0.0)
    stack[bright] *= 2
    frames = ArrayFrames(stack)
    assert correct_bleaching(frames) is frames


def test_nor_does_it_while_the_stack_bleaches():
    stack = fading(0.03)
    stack[10:14] = 5000
    steady = correct_bleaching(ArrayFrames(stack))
    for frame in (0, 9, 20, 39):
        np.testing.assert_allclose(steady[frame], 100 + scene(), rtol=0.1)


def test_the_gain_rises_smoothly():
    noisy = np.random.default_rng(2).poisson(fading(0.03)).astype(np.uint16)
    steady = correct_bleaching(ArrayFrames(noisy))
    assert isinstance(steady, SteadyFrames)
    gains = [steady.fading[0].gain(frame) for frame in range(COUNT)]
    ratios = np.divide(gains[1:], gains[:-1])
    np.testing.assert_allclose(ratios, np.exp(0.03), rtol=0.005)


def test_channels_fade_each_at_its_own_rate():
    both = np.stack([fading(0.03), fading(0.0)], axis=-1)
    steady = correct_bleaching(ArrayFrames(both, channels=(0, 1)))
    last = steady[COUNT - 1]
    assert last.shape == (30, 40, 3)
    np.testing.assert_allclose(last[..., 0], 100 + scene(), rtol=1e-4)
    np.testing.assert_allclose(last[..., 1], 100 + scene(), rtol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_shortest_stacks_can_be_asked_for(count):
    frames = ArrayFrames(fading(0.0)[:count])
    assert correct_bleaching(frames) is frames


def test_brightening_is_left_alone():
    frames = ArrayFrames(fading(0.03)[::-1])
    assert correct_bleaching(frames) is frames


def test_colour_pictures_are_refused():
    with pytest.raises(StackError, match="colour pictures"):
        correct_bleaching(ArrayFrames(np.zeros((4, 8, 8, 3), np.uint8)))
