"""Grey stacks are the channels of one stack, frame by frame."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.errors import FrameError, StackError
from napari_sam2.core.frames.side_by_side import SideBySide
from napari_sam2.core.frames.source import ArrayFrames, FrameSource, channel_labels
from napari_sam2.core.frames.times import frame_times

SHAPE = 3, 4, 5
RED = ArrayFrames(np.full(SHAPE, 200, np.uint8))
GREEN = ArrayFrames(np.full(SHAPE, 1000, np.uint16))
BLUE = ArrayFrames(np.full(SHAPE, 7, np.uint8))


def test_three_are_red_green_and_blue() -> None:
    frames = SideBySide((RED, GREEN, BLUE))
    assert isinstance(frames, FrameSource)
    assert (len(frames), frames.shape_hw, frames.dtype) == (3, (4, 5), np.uint16)
    assert not frames.is_rgb
    np.testing.assert_array_equal(frames[2][0, 0], [200, 1000, 7])
    assert channel_labels(frames) == ("c0", "c1", "c2")


def test_times_are_those_of_the_first() -> None:
    class Film(ArrayFrames):
        frame_times = 0.0, 1.0, 9.0

    assert frame_times(SideBySide((Film(BLUE.array), RED))) == (0, 1, 9)
    assert frame_times(SideBySide((RED, GREEN))) is None


def test_two_leave_blue_empty_and_one_is_grey() -> None:
    np.testing.assert_array_equal(SideBySide((RED, BLUE))[0][0, 0], [200, 7, 0])
    assert SideBySide((BLUE,))[0].shape == (4, 5)


def test_one_frame_of_each_is_read_when_it_is_asked_for() -> None:
    read: list[int] = []

    class Counted(ArrayFrames):
        def __getitem__(self, frame: int):
            read.append(frame)
            return super().__getitem__(frame)

    frames = SideBySide((Counted(RED.array), Counted(BLUE.array)))
    assert read == []
    assert frames[1].shape == (4, 5, 3)
    assert read == [1, 1]
    with pytest.raises(FrameError, match="does not exist"):
        frames[3]


def test_more_than_three_or_of_several_sizes_are_refused() -> None:
    with pytest.raises(StackError, match="4 channels were picked"):
        SideBySide((RED, GREEN, BLUE, RED))
    longer = ArrayFrames(np.zeros((4, 4, 5), np.uint8))
    with pytest.raises(StackError, match="3 frames of 4 × 5 pixels and another one 4"):
        SideBySide((RED, longer))
