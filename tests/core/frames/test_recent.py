"""Frames that several want are read once, and no more of them are kept than asked."""

from __future__ import annotations

from threading import Thread

import numpy as np
import pytest

from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames.recent import RecentFrames
from napari_sam2.core.frames.source import ArrayFrames, FrameSource


class Counting(ArrayFrames):
    """Ten frames of 16 bytes, which say in ``read`` how they were read."""

    def __init__(self) -> None:
        array = np.arange(160, dtype=np.uint8).reshape(10, 4, 4)
        super().__init__(array)
        object.__setattr__(self, "read", [])

    def __getitem__(self, frame: int, /):
        pixels = super().__getitem__(frame)
        self.read.append(frame)
        return pixels


def test_what_was_just_read_is_not_read_again() -> None:
    source = Counting()
    recent = RecentFrames(source, most_bytes=3 * 16)
    for frame in (0, 1, 2, 0, 1, 2, 3, 0):
        np.testing.assert_array_equal(recent[frame], source.array[frame])
    assert source.read == [0, 1, 2, 3, 0]


def test_of_frames_larger_than_there_is_room_for_the_last_is_kept() -> None:
    source = Counting()
    recent = RecentFrames(source, most_bytes=1)
    for frame in (0, 0, 1, 1, 0):
        recent[frame]
    assert source.read == [0, 1, 0]


def test_they_are_frames_like_those_of_the_source() -> None:
    source = Counting()
    recent = RecentFrames(source)
    assert isinstance(recent, FrameSource)
    assert len(recent) == 10
    assert (recent.shape_hw, recent.dtype, recent.is_rgb) == ((4, 4), np.uint8, False)
    with pytest.raises(FrameError, match="10"):
        recent[10]


def test_threads_that_want_the_same_frames_share_them() -> None:
    source = Counting()
    recent = RecentFrames(source)
    threads = [Thread(target=lambda: [recent[t] for t in range(10)]) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert source.read == list(range(10))
