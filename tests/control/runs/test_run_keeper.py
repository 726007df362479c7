"""Keeping a run takes little of its time, and little of a disk's."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.control.orders import RunStep
from napari_sam2.control.runs.run_keeper import RunKeeper, Setting
from napari_sam2.control.telling.recording import Recorder
from napari_sam2.control.telling.told_tracker import ToldTracker
from napari_sam2.core.errors import GpuMemoryError
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.recipe import Followed, Made


class Packing:
    """A tracker that is in a run, and takes a while to be packed."""

    is_paused = True

    def __init__(self) -> None:
        self.now = 0.0
        self.seconds, self.size = 0.0, 100
        self.problem: Exception | None = None
        self.packed_at: list[float] = []

    def pack_session(self, most_bytes: int) -> bytes:
        self.packed_at.append(self.now)
        self.now += self.seconds
        if self.problem is not None:
            raise self.problem
        return bytes(self.size)

    def unpack_session(self, data: bytes) -> None:
        raise AssertionError("nothing is brought back here")


@pytest.fixture
def tracker() -> Packing:
    return Packing()


class Film(ArrayFrames):
    """Frames that take two seconds each to be found."""

    def __init__(self, tracker: Packing) -> None:
        super().__init__(np.zeros((3, 4, 5), np.uint8))
        self._tracker = tracker

    def __getitem__(self, frame: int) -> np.ndarray:
        self._tracker.now += 2
        return super().__getitem__(frame)


def run_for(
    tracker: Packing, seconds: int, frames: ArrayFrames | None = None
) -> list[int]:
    """Run at a frame a second; return how far it was each time that it was kept."""
    keeper = RunKeeper(lambda: tracker.now)
    if frames is None:
        frames = ArrayFrames(np.zeros((3, 4, 5), np.uint8))
    setting = Setting(ToldTracker(tracker, Recorder()), Made("nano"), frames)
    keeper.begin(setting, Followed((1,)), RunStep(0, 1000))
    found = []
    for done in range(1, seconds + 1):
        tracker.now += 1
        left = keeper.note((), done)
        if left is not None:
            found.append(left.done)
    return found


def test_it_is_kept_soon_and_then_every_half_minute(tracker: Packing) -> None:
    assert run_for(tracker, 100) == [5, 35, 65, 95]


def test_what_takes_long_is_done_seldom(tracker: Packing) -> None:
    tracker.seconds = 2.0
    run_for(tracker, 220)
    assert len(tracker.packed_at) == 3
    assert tracker.packed_at[1] - tracker.packed_at[0] >= 100


def test_a_film_whose_pixels_take_long_to_find_is_kept_as_often(
    tracker: Packing,
) -> None:
    assert run_for(tracker, 100, Film(tracker)) == [5, 35, 65, 95]


def test_what_is_large_is_written_seldom(tracker: Packing) -> None:
    tracker.size = 120 << 20
    assert run_for(tracker, 130) == [5, 65, 125]


def test_a_run_goes_on_although_it_cannot_be_kept(tracker: Packing) -> None:
    tracker.problem = GpuMemoryError("There is no room for it.")
    assert run_for(tracker, 50) == []
    tracker.problem = None
    assert run_for(tracker, 50) == [5, 35]
