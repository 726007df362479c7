"""Frames are encoded together where that is faster, and come out the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.core.errors import FrameError
from napari_sam2.core.prompts import BoxPrompt, MaskPrompt, PointPrompt
from napari_sam2.engine.frames import encoding
from napari_sam2.engine.frames.encoding import (
    bytes_per_frame,
    frames_per_batch,
    images_per_batch,
)
from napari_sam2.engine.options import EXACT, TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.views.window import WindowOptions
from tests.engine.stacks import LIMITS, Generated, course
from tests.miniature import seeded_model

CPU, GPU = torch.device("cpu"), torch.device("cuda")
# As large as those that are encoded together have to be.
MODEL = seeded_model(image_size=256)


def clicked(frames, options=EXACT) -> VideoTracker:
    tracker = VideoTracker(MODEL, frames, limits=LIMITS, options=options)
    tracker.add(PointPrompt(1, 0, (15, 12)))
    return tracker


@pytest.mark.parametrize(
    ("device", "size", "images", "frames"),
    [
        (CPU, 64, 4, 1), (CPU, 256, 4, 4), (CPU, 352, 2, 2), (CPU, 512, 1, 1),
        (CPU, 1024, 1, 1), (GPU, 256, 8, 4), (GPU, 1024, 8, 4),
    ],
)  # fmt: skip
def test_how_many_are_encoded_together(device, size, images, frames) -> None:
    assert images_per_batch(device, size) == images
    assert frames_per_batch(device, size) == frames


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_frames_that_come_next_are_encoded_with_this_one(encoded, direction) -> None:
    tracker = VideoTracker(MODEL, Generated(10), limits=LIMITS, options=EXACT)
    tracker.add(PointPrompt(1, 0 if direction == "forward" else 9, (15, 12)))
    assert len(list(tracker.propagate(direction=direction))) == 10
    assert encoded == [1, 4, 4, 1]
    assert len(tracker.frames.read) == 10


@pytest.mark.parametrize("image_size", [256, 288])
def test_together_or_alone_a_frame_comes_out_the_same(image_size, monkeypatch) -> None:
    def run() -> list[tuple]:
        model = seeded_model(image_size=image_size)
        tracker = VideoTracker(model, Generated(9), limits=LIMITS, options=EXACT)
        tracker.add(PointPrompt(1, 4, (15, 12)))
        return course(tracker.propagate())

    together = run()
    monkeypatch.setattr(encoding, "frames_per_batch", lambda device, size: 1)
    assert run() == together


@settings(max_examples=10, deadline=None)
@given(stop=st.integers(1, 9), broken=st.integers(1, 9))
def test_stopping_and_frames_that_break_change_nothing(stop, broken) -> None:
    source = Generated(10)
    whole = course(clicked(source).propagate(direction="forward"))
    source.broken.add(broken)
    tracker = clicked(source)
    found = []
    with pytest.raises(FrameError, match=f"Frame {broken} "):
        found.extend(tracker.propagate(direction="forward"))
    assert [one.frame for one in found] == list(range(broken))
    source.broken.clear()
    resumed = iter(tracker.resume())
    found.extend(islice(resumed, stop))
    resumed.close()
    if tracker.is_paused:
        found.extend(tracker.resume())
    assert course(found) == whole


def test_only_as_much_is_encoded_ahead_as_is_remembered(encoded) -> None:
    room = 2 * bytes_per_frame(MODEL.config)
    list(clicked(Generated(9), replace(EXACT, feature_cache_bytes=room)).propagate())
    assert encoded == [1] + [2] * 4
    encoded.clear()
    list(clicked(Generated(9), replace(EXACT, feature_cache_bytes=1)).propagate())
    assert encoded == [1] * 9


def test_no_more_is_encoded_ahead_than_is_read_ahead(encoded) -> None:
    list(clicked(Generated(9), replace(EXACT, prefetch_frames=1)).propagate())
    assert encoded == [1] + [2] * 4


def test_bytes_per_frame_are_those_of_its_features() -> None:
    images = torch.zeros(1, 3, 256, 256)
    with torch.inference_mode():
        assert MODEL.encode_image(images).nbytes == bytes_per_frame(MODEL.config)


def test_what_was_encoded_before_is_not_encoded_again(encoded) -> None:
    tracker = clicked(Generated(9))
    tracker.add(PointPrompt(2, 3, (15, 12)))
    list(tracker.propagate(direction="forward"))
    assert encoded == [1, 1, 4, 3]
    list(tracker.propagate())
    assert encoded == [1, 1, 4, 3]


def test_what_is_remembered_when_frames_are_announced_is_so_at_its_turn(encoded):
    room = 12 * bytes_per_frame(MODEL.config)
    tracker = clicked(Generated(14), replace(EXACT, feature_cache_bytes=room))
    tracker.add(PointPrompt(2, 10, (15, 12)))
    list(tracker.propagate(direction="forward"))
    assert encoded == [1, 1, 4, 4, 4]
    assert len(tracker.frames.read) == 14


def test_frames_that_are_prompted_for_all_are_not_encoded_ahead(encoded) -> None:
    tracker = VideoTracker(MODEL, Generated(6), limits=LIMITS, options=EXACT)
    mask = np.zeros((40, 48), bool)
    mask[8:22, 6:20] = True
    for frame in (0, 2, 3):
        tracker.add(MaskPrompt(1, frame, mask))
    encoded.clear()
    list(tracker.propagate(direction="forward"))
    assert sum(encoded) == 3


@pytest.fixture
def boxed(monkeypatch) -> VideoTracker:
    """A tracker that sees a small object in the middle of whatever it looks at."""
    decode, side = type(MODEL).decode, [16]

    def decoding(self, coarse, features, prompts, *, ambiguous):
        state = decode(self, coarse, features, prompts, ambiguous=ambiguous)
        found = torch.full_like(state.logits, -4.0)
        middle = slice(32 - side[0] // 2, 32 + side[0] // 2)
        found[..., middle, middle] = 4.0
        there = torch.ones_like(state.object_logits)
        return state._replace(logits=found, object_logits=there)

    monkeypatch.setattr(type(MODEL), "decode", decoding)
    options = TrackerOptions(window=WindowOptions(mode="on"))
    source = Generated(40, (600, 400))
    tracker = VideoTracker(MODEL, source, limits=LIMITS, options=options)
    tracker.add(BoxPrompt(1, 0, (205, 208, 230, 240)))
    side[0] = 4
    return tracker


@pytest.mark.parametrize("frames", [range(1, 6), range(34, 39)])
def test_small_objects_are_looked_at_one_frame_at_a_time(boxed, encoded, frames):
    """After a gap in the whole of the first frame, but not of those that follow."""
    encoded.clear()
    list(boxed.propagate(direction="forward", frames=frames))
    assert encoded == [1] * 5


def test_frames_are_read_once_for_small_objects_and_large_ones(boxed) -> None:
    boxed.add(MaskPrompt(2, 0, np.ones((600, 400), bool)))
    boxed.frames.read.clear()
    list(boxed.propagate(direction="forward", frames=range(1, 10)))
    # Read for memories of the prompts once more, unless it is held.
    assert [one for one in boxed.frames.read if one] == list(range(1, 10))


def test_frames_are_encoded_together_while_a_small_object_is_lost(
    boxed, encoded, monkeypatch
) -> None:
    decode = type(MODEL).decode

    def losing(self, *args, **options):
        state = decode(self, *args, **options)
        return state._replace(
            logits=torch.full_like(state.logits, -4.0),
            object_logits=-torch.ones_like(state.object_logits),
        )

    encoded.clear()
    monkeypatch.setattr(type(MODEL), "decode", losing)
    list(boxed.propagate(direction="forward", frames=range(1, 39)))
    assert encoded[-2:] == [4, 4]
