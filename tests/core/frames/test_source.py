"""Arrays as frames: read one at a time, checked before anything is read."""

from __future__ import annotations

import dask.array
import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.bleaching import Fading, SteadyFrames
from napari_sam2.core.frames.recent import RecentFrames
from napari_sam2.core.frames.side_by_side import SideBySide
from napari_sam2.core.frames.source import (
    ArrayFrames,
    as_frame_source,
    pick_channels,
    picked_channels,
    planes_at_once,
)


class Lazy:
    """An array that only counts what is read of it."""

    def __init__(self, shape, dtype=np.uint8, failing=()) -> None:
        self.shape, self.dtype, self.failing = shape, np.dtype(dtype), failing
        self.read: list[int] = []

    def __getitem__(self, frame):
        self.read.append(frame)
        if frame in self.failing:
            raise OSError("the disk went away")
        return np.full(self.shape[1:], frame % 250, self.dtype)


def test_frames_are_read_when_they_are_asked_for() -> None:
    array = Lazy((100_000, 4, 5))
    frames = as_frame_source(array)
    assert (len(frames), frames.shape_hw, frames.dtype) == (100_000, (4, 5), np.uint8)
    assert array.read == []
    assert frames[99_999].shape == (4, 5)
    assert array.read == [99_999]


def test_a_source_is_taken_as_it_is() -> None:
    frames = ArrayFrames(np.zeros((2, 3, 4)))
    assert as_frame_source(frames) is frames


def test_channels_of_a_source_cannot_be_picked_again() -> None:
    with pytest.raises(StackError, match="channels"):
        as_frame_source(ArrayFrames(np.zeros((2, 3, 4))), (0,))


@pytest.mark.parametrize("wrap", [dask.array.from_array, zarr.array, np.asarray])
def test_arrays_of_every_kind(wrap) -> None:
    stack = np.arange(2 * 4 * 5, dtype=np.uint16).reshape(2, 4, 5)
    frames = as_frame_source(wrap(stack))
    assert isinstance(frames[1], np.ndarray)
    np.testing.assert_array_equal(frames[1], stack[1])
    assert frames.dtype == np.uint16


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((5, 5), "is not a stack of frames"),
        ((2, 3, 4, 5, 6), "is not a stack of frames"),
        ((0, 4, 4), "The stack has no frames"),
        ((3, 0, 4), "The frames are empty"),
        ((3, 4, 4, 0), "The frames are empty"),
    ],
)
def test_what_is_no_stack_is_refused(shape, sentence) -> None:
    with pytest.raises(StackError, match=sentence):
        ArrayFrames(np.zeros(shape))


@pytest.mark.parametrize("dtype", [complex, object, "U3", "M8[s]"])
def test_pixels_are_real_numbers(dtype) -> None:
    with pytest.raises(StackError, match="cannot be shown to the model"):
        ArrayFrames(np.zeros((1, 2, 2), dtype))


def test_a_list_is_no_stack() -> None:
    with pytest.raises(StackError, match="is no stack of frames"):
        as_frame_source([[[1, 2], [3, 4]]])


@pytest.mark.parametrize("frame", [-1, 3, 10**9])
def test_frames_that_do_not_exist(frame) -> None:
    with pytest.raises(FrameError, match=f"Frame {frame} does not exist.*3 frames"):
        ArrayFrames(np.zeros((3, 2, 2)))[frame]


def test_a_frame_that_cannot_be_read_is_named() -> None:
    frames = ArrayFrames(Lazy((3, 2, 2), failing=[1]))
    frames[0]
    with pytest.raises(FrameError, match=r"Frame 1 could not be read.*disk went away"):
        frames[1]


@pytest.mark.parametrize(
    ("count", "channels", "is_rgb", "shown"),
    [
        (1, None, False, None),
        (2, None, False, (0, 1, -1)),
        (3, None, True, (0, 1, 2)),
        (4, None, True, (0, 1, 2)),
        (5, None, False, (0, 1, 2)),
        (5, (4,), False, None),
        (5, (4, 2), False, (4, 2, -1)),
        (3, (2, 1, 0), False, (2, 1, 0)),
    ],
)
def test_channels(count, channels, is_rgb, shown) -> None:
    stack = np.random.default_rng(0).integers(1, 9, (2, 3, 4, count)).astype(np.uint8)
    frames = ArrayFrames(stack, channels)
    assert frames.is_rgb == is_rgb
    if shown is None:
        picked = (channels or (0,))[0]
        np.testing.assert_array_equal(frames[1], stack[1, ..., picked])
        return
    padded = np.concatenate([stack, np.zeros_like(stack[..., :1])], axis=-1)
    np.testing.assert_array_equal(frames[1], padded[1][..., list(shown)])


@pytest.mark.parametrize("channels", [(), (0, 1, 2, 3), (5,), (-1,)])
def test_channels_that_cannot_be_shown(channels) -> None:
    with pytest.raises(StackError, match=r"[Cc]hannel"):
        ArrayFrames(np.zeros((1, 2, 2, 5)), channels)


def test_a_grey_stack_has_one_channel() -> None:
    assert ArrayFrames(np.zeros((1, 2, 3)), (0,))[0].shape == (2, 3)
    with pytest.raises(StackError, match="has 1 channel, 0"):
        ArrayFrames(np.zeros((1, 2, 3)), (1,))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_picked_pixels_are_one_or_three_channels(channels) -> None:
    picked = pick_channels(np.ones((2, 3, 4), np.int16), tuple(channels))
    assert picked.shape == ((2, 3) if len(channels) == 1 else (2, 3, 3))
    assert picked.dtype == np.int16


class Plain:
    """A source that says nothing but what it must."""

    is_rgb = False


GREY = ArrayFrames(np.zeros((2, 3, 4), np.uint8))
PAIR = ArrayFrames(np.zeros((2, 3, 4, 5), np.uint8), (3, 1))
FADING = (Fading(0.0, 0.1),)


@pytest.mark.parametrize(
    ("frames", "picked", "planes"),
    [
        (GREY, (0,), 1),
        (PAIR, (3, 1), 3),
        (ArrayFrames(np.zeros((2, 3, 4, 3), np.uint8)), (0, 1, 2), 3),
        (SideBySide((GREY, GREY)), (0, 1), 3),
        (RecentFrames(GREY), (0,), 1),
        (RecentFrames(PAIR), (3, 1), 3),
        (SteadyFrames(GREY, FADING), (0,), 1),
        (SteadyFrames(PAIR, FADING * 2), (3, 1), 3),
        (Plain(), (), 3),
        (RecentFrames(Plain()), (), 3),
    ],
)
def test_how_many_planes_a_frame_has(frames, picked, planes) -> None:
    assert picked_channels(frames) == picked
    assert planes_at_once(frames) == planes
