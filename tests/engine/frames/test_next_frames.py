"""Frames that come next are encoded beside the present one, and nothing hangs on it.

By a GPU that is only pretended, which refuses what reads too early. ``test_cuda`` asks
a real one.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from contextlib import suppress
from itertools import islice

import pytest
import torch

from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.errors import FrameError
from napari_sam2.core.prompts import PointPrompt
from napari_sam2.engine.compiled.network import CompiledNetwork
from napari_sam2.engine.compiled.support import Compiler
from napari_sam2.engine.frames import encoding, reading
from napari_sam2.engine.frames.next_frames import NextFrames, next_frames
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.streams import SideStream
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.model.sam2 import Sam2Model
from tests.engine.pretend_gpu import pretend_gpu
from tests.engine.stacks import LIMITS, Generated, course
from tests.miniature import seeded_model

COUNT = 14
GIB = 1 << 30


class Quick:
    """Reads a frame as soon as it is announced."""

    def __init__(self, *args, **kwargs) -> None:
        pass

    def submit(self, read, frame: int) -> Future:
        future: Future = Future()
        try:
            future.set_result(read(frame))
        except FrameError as error:
            future.set_exception(error)
        return future

    def shutdown(self, **how) -> None:
        pass


class Slow(Quick):
    """Has read a frame no sooner than somebody waits for it."""

    def submit(self, read, frame: int) -> Future:
        later = super().submit(read, frame)
        later.done = lambda: False
        return later


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(reading, "ThreadPoolExecutor", Quick)
    with pretend_gpu(rounds=False) as gpu:
        yield gpu


def clicked(model, frames=None) -> VideoTracker:
    source = Generated(COUNT) if frames is None else frames
    tracker = VideoTracker(model, source, limits=LIMITS, options=EXACT)
    tracker.add(PointPrompt(1, 0, (15, 12)))
    return tracker


@pytest.fixture
def started(gpu, monkeypatch) -> list[tuple[int, int, bool]]:
    """Return of every call: how many images, what had come down, whether beside."""
    calls = []
    encode = Sam2Model.encode_image

    def noting(self, images):
        is_beside = gpu.streams.current is not gpu.streams.main
        calls.append((len(images), len(gpu.came), is_beside))
        return encode(self, images)

    monkeypatch.setattr(Sam2Model, "encode_image", noting)
    return calls


def test_the_next_frames_are_begun_before_the_host_waits(gpu, started) -> None:
    tracker = clicked(seeded_model().to("cuda"))
    gpu.came.clear()
    started.clear()
    found = [(result.frame, len(gpu.came)) for result in tracker.propagate()]
    # The host waits twice a frame, and each batch is begun before it does.
    assert found == [(frame, 2 * frame + 2) for frame in range(COUNT)]
    assert started == [(4, 2, False), (4, 2, True), (4, 10, True), (1, 18, True)]
    assert len(gpu.streams.made) == 1


def test_what_is_not_read_is_not_waited_for(gpu, started, monkeypatch) -> None:
    monkeypatch.setattr(reading, "ThreadPoolExecutor", Slow)
    tracker = clicked(seeded_model().to("cuda"))
    started.clear()
    assert len(list(tracker.propagate())) == COUNT
    assert [(images, beside) for images, _, beside in started] == [
        (4, False), (4, False), (4, False), (1, False)
    ]  # fmt: skip


def corrected(model, stop: int, ahead: int, broken: int) -> list[tuple]:
    """Run, add a prompt on a frame that comes, go on, stop at a broken frame, go on.

    Small images come out in other ways, to the bit, with others in their batch.
    """
    source = Generated(COUNT)
    tracker = clicked(model, source)
    run = tracker.propagate(direction="forward")
    found = list(islice(run, stop))
    tracker.add(PointPrompt(2, min(stop + ahead, COUNT - 1), (15, 12)))
    source.broken.add(broken)
    with suppress(FrameError):
        found.extend(run)
    source.broken.clear()
    if tracker.is_paused:
        found.extend(tracker.resume())
    return course(found)


@pytest.mark.parametrize(
    ("stop", "ahead", "broken"),
    [(1, 1, 11), (2, 3, 12), (4, 5, 11), (4, 1, 12), (5, 6, 13), (13, 0, 13)],
)
def test_nothing_hangs_on_when_frames_are_read(
    gpu, monkeypatch, stop, ahead, broken
) -> None:
    model, found = seeded_model().to("cuda"), []
    for pool in (Quick, Slow):
        monkeypatch.setattr(reading, "ThreadPoolExecutor", pool)
        found.append(corrected(model, stop, ahead, broken))
    assert found[0] == found[1]


def test_what_is_begun_early_is_what_would_be_computed(gpu, monkeypatch) -> None:
    model = seeded_model().to("cuda")
    beside = course(clicked(model).propagate())
    monkeypatch.setattr(NextFrames, "is_possible", False)
    assert course(clicked(model).propagate()) == beside


def test_a_frame_that_breaks_is_told_at_its_own_turn(gpu) -> None:
    source = Generated(COUNT, broken={7})
    found = []
    with pytest.raises(FrameError, match="Frame 7 "):
        found.extend(clicked(seeded_model().to("cuda"), source).propagate())
    assert [result.frame for result in found] == list(range(7))


def test_a_run_that_is_stopped_leaves_nothing_begun(gpu, started) -> None:
    tracker, token = clicked(seeded_model().to("cuda")), CancelToken()
    for result in tracker.propagate(token=token):
        if result.frame == 2:
            assert started[-1][2]
            token.cancel()
    assert tracker._parts.beside._started is None
    assert [result.frame for result in tracker.resume()] == list(range(3, COUNT))


def test_without_room_frames_are_encoded_at_their_turn(
    gpu, monkeypatch, caplog
) -> None:
    encode, model = Sam2Model.encode_image, seeded_model().to("cuda")
    wanted = course(clicked(model).propagate())

    def failing(self, images):
        if gpu.streams.current is not gpu.streams.main:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return encode(self, images)

    monkeypatch.setattr(Sam2Model, "encode_image", failing)
    with caplog.at_level(logging.INFO, "napari_sam2"):
        assert course(clicked(model).propagate()) == wanted
    assert caplog.text.count("Out of memory") == 1


def test_without_room_for_both_frames_are_encoded_at_their_turn(
    gpu, started, caplog
) -> None:
    """What PyTorch holds idle would be given back and fetched again for every batch."""
    tracker = clicked(seeded_model().to("cuda"))
    started.clear()
    with caplog.at_level(logging.INFO, "napari_sam2"):
        for result in tracker.propagate():
            if result.frame == 5:
                gpu.memory_stats["num_alloc_retries"] += 1
    beside = [is_beside for _, _, is_beside in started]
    assert beside == [False, True, True, False]
    assert caplog.text.count("Out of memory") == 1


def test_what_goes_wrong_beside_is_told_at_its_own_turn(gpu, monkeypatch) -> None:
    encode = Sam2Model.encode_image

    def failing(self, images):
        if len(images) == 1:  # the last batch
            raise RuntimeError("a kernel failed")
        return encode(self, images)

    tracker = clicked(seeded_model().to("cuda"))
    monkeypatch.setattr(Sam2Model, "encode_image", failing)
    found = []
    with pytest.raises(RuntimeError, match="a kernel failed"):
        found.extend(tracker.propagate())
    assert [result.frame for result in found] == list(range(COUNT - 1))


def test_sessions_share_what_is_beside(gpu) -> None:
    model = seeded_model().to("cuda")
    for _ in range(3):
        assert len(list(clicked(model).propagate())) == COUNT
    assert len(gpu.streams.made) == 1


def test_what_is_begun_counts_as_remembered(gpu) -> None:
    tracker = clicked(seeded_model().to("cuda"))
    batch = 4 * encoding.bytes_per_frame(tracker.model.config)
    assert tracker._parts.encoder.cache.max_bytes + batch == EXACT.feature_cache_bytes


def test_only_pytorchs_own_network_on_cuda_does_two_things_at_once(gpu) -> None:
    model = seeded_model()
    assert not next_frames(model, GIB).is_possible
    there = model.to("cuda")
    assert next_frames(there, GIB).is_possible
    assert not next_frames(CompiledNetwork(there, Compiler()), GIB).is_possible


def test_what_is_made_beside_is_not_read_before_it_is_handed_over(gpu) -> None:
    side, ones = SideStream(torch.device("cuda")), torch.ones(3, device="cuda")
    side.mark()
    twos, done = side.start(lambda: ones + 1)
    with pytest.raises(AssertionError, match="may not be there yet"):
        twos + 1
    torch.cuda.current_stream().wait_event(done)
    with pytest.raises(AssertionError, match="not recorded"):
        twos + 1
    side.hand_over(done, [twos])
    assert (twos + 1).tolist() == [3, 3, 3]


def test_what_is_launched_after_the_mark_is_not_waited_for(gpu) -> None:
    side, ones = SideStream(torch.device("cuda")), torch.ones(3, device="cuda")
    side.mark()
    later = ones + 1
    assert side.start(lambda: ones + 1).made is not None
    with pytest.raises(AssertionError, match="may not be there yet"):
        side.start(lambda: later + 1)
