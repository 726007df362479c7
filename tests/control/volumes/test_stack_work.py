"""Stacks of any axes, tracked from Python."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from napari_sam2 import (
    BoxPrompt,
    PlacedPrompt,
    PointPrompt,
    VideoTracker,
    array_stack,
    track_stack,
)
from napari_sam2.core.errors import FrameError, PromptError, Sam2Error, StackError
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.io.reading.stack_frames import stack_frames
from tests.conftest import discs

BOX = BoxPrompt(1, 1, (8, 8, 24, 22))
LIMITS = as_limits(0, 255)


def makes_none(frames, *, limits):
    raise AssertionError("no tracker is needed")


@pytest.fixture
def tzyx() -> np.ndarray:
    return np.stack([np.roll(discs(3, (48, 56))[0], t, axis=1) for t in range(3)])


def labels_of(steps, shape):
    labels = np.zeros(shape, np.uint16)
    for step in steps:
        labels[(*step.position, step.result.frame)] = step.result.labels(shape[-2:])
    return labels


def test_where_it_is_prompted_a_position_is_a_stack_of_its_own(miniature, tzyx):
    make_tracker = partial(VideoTracker, miniature)
    steps = track_stack(
        array_stack(tzyx, "tzyx"), [PlacedPrompt(BOX, {"t": 2})], make_tracker,
        axes=["z"], every=["t"], seed="none", limits=LIMITS,
    )  # fmt: skip
    found = labels_of(steps, tzyx.shape)
    tracker = VideoTracker(miniature, tzyx[2], limits=LIMITS)
    tracker.add(BOX)
    alone = np.zeros(tzyx.shape[1:], np.uint16)
    for result in tracker.propagate():
        alone[result.frame] = result.labels(tzyx.shape[-2:])
    assert not found[:2].any()
    np.testing.assert_array_equal(found[2], alone)


def test_all_positions_see_one_range_of_intensities(tzyx):
    seen = []

    class Stop(Exception):
        pass

    def make_tracker(frames, *, limits):
        seen.append(limits)
        raise Stop

    bright = tzyx.astype(np.uint16) * np.array([1, 2, 5]).reshape(3, 1, 1, 1)
    for t in range(3):
        steps = track_stack(
            array_stack(bright, "tzyx"), [PlacedPrompt(BOX, {"t": t})], make_tracker,
            axes=["z"], every=["t"],
        )  # fmt: skip
        with pytest.raises(Stop):
            next(steps)
    assert len(set(seen)) == 1
    assert seen[0].high[0] > 2 * 200


def test_axes_are_fused_at_every_position(miniature, tzyx):
    options = TrackerOptions(keeps_probabilities=True)
    steps = list(
        track_stack(
            array_stack(tzyx[:2], "tzyx"), [BOX],
            partial(VideoTracker, miniature, options=options),
            axes=["z", "y"], every=["t"], at={"t": 1}, seed="masks",
        )
    )  # fmt: skip
    first = [step.result.frame for step in steps if step.position == (1,)]
    assert sorted(first) == [0, 1, 2]
    assert steps[0].position == (1,)


def test_a_colour_axis_and_other_axes_are_told_by_name(miniature):
    pixels = np.zeros((2, 3, 2, 32, 32), np.uint8)
    stack = array_stack(pixels, "mtcyx", {"y": 0.5})
    assert stack.axes[3].scale == 0.5
    steps = track_stack(
        stack, [BoxPrompt(1, 0, (4, 4, 20, 20))], partial(VideoTracker, miniature),
        axes=["t"], every=["m"], channels=(1,), seed="masks",
    )  # fmt: skip
    assert {step.result.frame for step in steps if step.position == (0,)} == {0, 1, 2}


@pytest.mark.parametrize(
    ("prompts", "words", "error", "sentence"),
    [
        ([BOX], {"axes": ["z"]}, StackError, r"Say where to stay.*: at={'t': 1}\."),
        ([PlacedPrompt(BOX, {"y": 1})], {}, PromptError, r"of it: every=\['y'\]\."),
        ([PlacedPrompt(BOX, {"t": 9})], {}, PromptError, "are 0 to 2"),
        ([BoxPrompt(1, 7, (1, 1, 5, 5))], {}, FrameError, "Frame 7 does not exist"),
        ([PointPrompt(1, 0, (900, 1))], {}, PromptError, "outside the image"),
        ([BOX], {"axes": ["z", "w"]}, StackError, "no axis w"),
    ],
)
def test_what_makes_no_sense_is_told(tzyx, prompts, words, error, sentence):
    every = [] if words == {"axes": ["z"]} else ["t"]
    chosen = {"axes": ["z"], "every": every, **words}
    with pytest.raises(error, match=sentence):
        track_stack(array_stack(tzyx, "tzyx"), prompts, makes_none, **chosen)


def test_a_way_to_seed_that_is_none_is_told(tzyx):
    stack = array_stack(tzyx, "tzyx")
    with pytest.raises(Sam2Error, match=r"seed is 'follow'.* not 'x'"):
        next(track_stack(stack, [BOX], makes_none, axes=["z"], every=["t"], seed="x"))


def test_names_must_fit_the_array(tzyx):
    with pytest.raises(StackError, match="4 axes, and 'zyx' names 3"):
        array_stack(tzyx, "zyx")


@pytest.mark.parametrize("names", ["tzyy", "TtYX"])
def test_every_axis_has_a_name_of_its_own(tzyx, names):
    with pytest.raises(StackError, match="a letter of its own"):
        array_stack(tzyx, names)


@pytest.mark.parametrize("names", ["tzx", "ijk", "tyx", "qyx"])
def test_a_volume_may_be_cut_any_way(names):
    pixels = np.arange(2 * 30 * 40).reshape(2, 30, 40)
    frames = stack_frames(array_stack(pixels, names), 0)
    np.testing.assert_array_equal(frames[1], pixels[1])
