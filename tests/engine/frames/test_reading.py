"""Reading ahead: in order, bounded, one at a time, and closed behind itself."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames import noted
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.noted import NotedFrames, checksum_of
from napari_sam2.engine.frames.reading import FrameReader, ReadAhead, frames_ahead


class Source:
    """Frames filled with their own number; notes who reads what, and may fail."""

    shape_hw, dtype, is_rgb = (2, 3), np.dtype(np.float32), False

    def __init__(self, count=100, failing=()) -> None:
        self.count, self.failing = count, set(failing)
        self.read: list[int] = []
        self.at_once = self.most_at_once = 0
        self.reached = threading.Condition()

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, frame):
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        with self.reached:
            self.read.append(frame)
            self.reached.notify_all()
        self.at_once -= 1
        if frame in self.failing:
            raise FrameError(f"Frame {frame} could not be read.")
        return np.full(self.shape_hw, frame, np.float32)

    def wait_for(self, count: int) -> None:
        with self.reached:
            assert self.reached.wait_for(lambda: len(self.read) >= count, timeout=20)


@pytest.fixture
def ahead_of():
    """Return a maker of readers that are closed when the test ends."""
    made = []

    def make(source, frames, depth=2) -> ReadAhead:
        made.append(ReadAhead(FrameReader(source, as_limits(0, 100)), frames, depth))
        return made[-1]

    yield make
    for ahead in made:
        ahead.close()


def number(pixels: np.ndarray) -> int:
    return round(100 * float(pixels[0, 0]))


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("sam2")]


def test_frames_come_in_order_and_are_read_once(ahead_of) -> None:
    source = Source()
    ahead = ahead_of(source, range(10, 0, -1))
    assert [number(ahead.take(f)) for f in range(10, 0, -1)] == [*range(10, 0, -1)]
    assert source.read == [*range(10, 0, -1)]


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_no_more_than_depth_is_read_ahead(ahead_of, depth) -> None:
    source = Source()
    ahead = ahead_of(source, iter(range(100)), depth)
    for frame in range(20):
        ahead.take(frame)
        source.wait_for(frame + 1 + depth)
        assert len(source.read) <= frame + 1 + depth


def test_reading_goes_on_while_nobody_asks(ahead_of) -> None:
    source = Source()
    ahead_of(source, range(5), depth=3)
    source.wait_for(3)
    assert source.read == [0, 1, 2]


def test_an_endless_order_is_consumed_lazily(ahead_of) -> None:
    consumed = []

    def endless():
        for frame in range(10**9):
            consumed.append(frame)
            yield frame

    ahead = ahead_of(Source(), endless(), depth=2)
    ahead.take(0)
    assert len(consumed) == 3


def test_a_failure_surfaces_at_its_frame_and_not_before(ahead_of) -> None:
    source = Source(failing=[3])
    ahead = ahead_of(source, range(6), depth=4)
    source.wait_for(4)
    for frame in range(3):
        assert number(ahead.take(frame)) == frame
    with pytest.raises(FrameError, match="Frame 3"):
        ahead.take(3)
    assert number(ahead.take(4)) == 4


def test_a_frame_that_came_back_is_read_when_it_is_wanted(ahead_of) -> None:
    source = Source(failing=[1])
    ahead = ahead_of(source, range(4), depth=4)
    source.wait_for(4)
    source.failing.clear()
    assert [number(ahead.take(frame)) for frame in range(4)] == [0, 1, 2, 3]


def test_a_frame_that_was_not_announced_is_read_at_once(ahead_of) -> None:
    ahead = ahead_of(Source(), range(3))
    assert number(ahead.take(50)) == 50
    assert number(ahead.take(0)) == 0


def test_frames_that_come_are_shown_and_stay_announced(ahead_of) -> None:
    source = Source()
    ahead = ahead_of(source, range(9), depth=3)
    ahead.take(0)
    coming = ahead.coming(2)
    assert {frame: number(pixels) for frame, pixels in coming.items()} == {1: 1, 2: 2}
    assert list(ahead.coming(9)) == [1, 2, 3]
    assert ahead.coming(0) == ahead.coming(-1) == {}
    assert [number(ahead.take(frame)) for frame in range(1, 9)] == [*range(1, 9)]
    assert source.read == [*range(9)]


def test_what_comes_ends_before_a_frame_that_cannot_be_read(ahead_of) -> None:
    ahead = ahead_of(Source(failing=[2]), range(6), depth=4)
    assert list(ahead.coming(4)) == [0, 1]
    ahead.discard(0)
    ahead.discard(1)
    assert ahead.coming(4) == {}
    with pytest.raises(FrameError, match="Frame 2"):
        ahead.take(2)


@pytest.mark.parametrize(
    ("shape_hw", "is_rgb", "ahead"),
    [
        ((0, 0), False, 4), ((4096, 4096), False, 4), ((4096, 4096), True, 1),
        ((6000, 5000), False, 2), ((10**5, 10**5), False, 1),
    ],
)  # fmt: skip
def test_fewer_large_frames_are_read_ahead(shape_hw, is_rgb, ahead) -> None:
    source = Source()
    source.shape_hw, source.is_rgb, source.picked = shape_hw, is_rgb, (1,)
    assert frames_ahead(source, 4) == ahead
    assert frames_ahead(source, 0) == 1


def test_picked_channels_take_the_room_of_colours() -> None:
    source = Source()
    source.shape_hw = (4000, 4000)
    assert frames_ahead(source, 4) == 1  # it does not say what it picks
    source.picked = (0, 2)
    assert frames_ahead(source, 4) == 1
    source.picked = (2,)
    assert frames_ahead(source, 4) == 4


def test_discarding_makes_room(ahead_of) -> None:
    source = Source()
    ahead = ahead_of(source, range(9), depth=1)
    ahead.discard(7)
    for frame in range(4):
        ahead.discard(frame)
    assert number(ahead.take(4)) == 4
    source.wait_for(6)
    assert source.read[-1] == 5


def test_one_thread_reads_at_a_time(ahead_of) -> None:
    source = Source()
    reader = FrameReader(source, as_limits(0, 100))
    crowd = [
        threading.Thread(target=lambda: [reader.read(f) for f in range(50)])
        for _ in range(4)
    ]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert source.most_at_once == 1


@given(st.integers(0, 6), st.integers(0, 6))
def test_closing_ends_the_thread(taken, count) -> None:
    ahead = ReadAhead(FrameReader(Source(), as_limits(0, 100)), range(count), 2)
    for frame in range(taken):
        ahead.take(frame)
    ahead.close()
    ahead.close()
    assert threads() == []


def test_closing_reads_no_further() -> None:
    release = threading.Event()

    class Slow(Source):
        def __getitem__(self, frame):
            assert release.wait(20)
            return super().__getitem__(frame)

    source = Slow()
    ahead = ReadAhead(FrameReader(source, as_limits(0, 100)), range(9), 5)
    closing = threading.Thread(target=ahead.close)
    closing.start()
    while ahead._waiting:
        pass
    release.set()
    closing.join()
    assert len(source.read) <= 2
    assert threads() == []


def test_an_order_that_fails_leaves_no_thread() -> None:
    def broken():
        raise ZeroDivisionError
        yield 0

    with pytest.raises(ZeroDivisionError):
        ReadAhead(FrameReader(Source(), as_limits(0, 100)), broken(), 2)
    assert threads() == []


def test_frames_that_are_noted_on_the_way_are_summed_up_once(monkeypatch) -> None:
    summed = []

    def counted(pixels) -> int:
        summed.append(pixels[0, 0])
        return checksum_of(pixels)

    monkeypatch.setattr(noted, "checksum_of", counted)
    notes: dict[int, int] = {}
    readers = [
        FrameReader(source, as_limits(0, 100))
        for source in (Source(), NotedFrames(Source(), notes))
    ]
    for reader in readers:
        for frame in (3, 5, 3):
            reader.read(frame)
    assert summed == [3, 5, 3] * 2
    assert notes == {3: readers[0].checksums[3], 5: readers[0].checksums[5]}
    assert readers[1].checksums.tolist() == readers[0].checksums.tolist()
