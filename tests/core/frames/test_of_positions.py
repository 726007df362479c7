"""What is estimated once for all positions of a stack."""

import numpy as np
import pytest

from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.frames.bleaching import find_fading, steady
from napari_sam2.core.frames.intensity import estimate_limits
from napari_sam2.core.frames.of_positions import AllFrames, TimeSeries
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.positions import NOWHERE, Positions, choose_positions


def positions_of(stack, every):
    axes = axes_from_shape(stack.shape, "tzyx")
    return choose_positions(axes, [(every, None)])


def opener(stack, every):
    axis = "tz".index(every)
    return lambda position: ArrayFrames(stack.take(position[0], axis))


def test_all_frames_come_position_after_position():
    stack = np.arange(3 * 2).reshape(3, 2, 1, 1) + np.zeros((1, 1, 4, 5), int)
    frames = AllFrames(positions_of(stack, "t"), opener(stack, "t"))
    assert [int(frames[n][0, 0]) for n in range(len(frames))] == list(range(6))
    assert frames.shape_hw == (4, 5)


def test_a_frame_is_found_without_counting_up_to_it(monkeypatch):
    stack = np.zeros((3, 2, 4, 5))
    monkeypatch.setattr(Positions, "__iter__", None)
    frames = AllFrames(positions_of(stack, "t"), opener(stack, "t"))
    assert frames[5].shape == (4, 5)


def test_the_range_is_that_of_the_whole_stack():
    stack = np.zeros((5, 4, 8, 8), np.uint16)
    stack[4, :, :4] = 900
    frames = AllFrames(positions_of(stack, "t"), opener(stack, "t"))
    assert estimate_limits(frames).high[0] == pytest.approx(900)


@pytest.mark.parametrize("every", ["t", "z"])
def test_one_fading_over_time_is_found_whatever_is_followed(every):
    rng = np.random.default_rng(0)
    signal = rng.uniform(50, 400, (1, 5, 16, 16))
    signal[..., :8] = 0
    decline = np.exp(-0.06 * np.arange(12)).reshape(-1, 1, 1, 1)
    stack = 100 + signal * decline  # the camera's offset does not fade
    positions, open_frames = positions_of(stack, every), opener(stack, every)
    series = TimeSeries(positions, open_frames)
    assert len(series) == 12
    (fading,) = find_fading(series)
    assert fading.rate == pytest.approx(0.06, rel=0.1)
    last = (11,) if every == "t" else (4,)
    seen = steady(open_frames(last), (fading,), series.time_of(last))
    frame, first = (4, stack[0, 4]) if every == "t" else (11, stack[0, 4])
    assert seen[frame].mean() == pytest.approx(first.mean(), rel=0.1)


def test_a_stack_without_positions_is_its_frames():
    stack = np.arange(6.0).reshape(6, 1, 1) + np.zeros((1, 4, 5))
    series = TimeSeries(NOWHERE, lambda position: ArrayFrames(stack))
    assert len(series) == 6
    assert series.time_of(()) is None
    np.testing.assert_array_equal(series[3], stack[3])
