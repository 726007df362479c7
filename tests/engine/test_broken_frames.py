"""Frames that cannot be read: what is still done, and how it goes on."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sam2.core.errors import FrameError, NoPromptError
from napari_sam2.core.prompts import MaskPrompt, PointPrompt
from tests.engine.stacks import Generated, course, session
from tests.miniature import seeded_model

MODEL = seeded_model()


def until_the_error(run) -> tuple[list, str]:
    """Return all that a run yields, and the sentence that it ends with."""
    results = []
    with pytest.raises(FrameError) as caught:
        results.extend(run)
    return results, str(caught.value)


def test_a_broken_frame_ends_the_run_and_nothing_else(miniature) -> None:
    whole = course(session(miniature).propagate(direction="forward"))
    source = Generated(9, broken=[6])
    tracker = session(miniature, source)
    run = tracker.propagate(direction="forward")
    assert course(islice(run, 6)) == whole[:6]
    with pytest.raises(FrameError, match="Frame 6 could not be read"):
        next(run)
    with pytest.raises(FrameError, match="Frame 6"):
        next(tracker.resume())
    source.broken.clear()
    assert course(tracker.resume()) == whole[6:]


def test_a_prompt_on_a_frame_that_was_not_reached_is_a_first_prompt(miniature) -> None:
    source = Generated(9, broken=[6])
    tracker = session(miniature, source)
    with pytest.raises(FrameError):
        list(tracker.propagate(direction="forward"))
    source.broken.clear()
    found = tracker.add(PointPrompt(1, 6, (15, 12)))
    fresh = session(miniature).add(PointPrompt(1, 6, (15, 12)))
    np.testing.assert_array_equal(found.mask, fresh.mask)
    with pytest.raises(NoPromptError, match="only negative"):
        tracker.add(PointPrompt(2, 6, (15, 12), positive=False))


def test_a_broken_frame_elsewhere_does_not_matter(miniature) -> None:
    tracker = session(miniature, Generated(9, broken=[8]))
    assert len(list(tracker.propagate(frames=range(8)))) > 8


def test_a_broken_frame_cannot_be_prompted(miniature) -> None:
    tracker = session(miniature, Generated(9, broken=[4]))
    with pytest.raises(FrameError, match="Frame 4"):
        tracker.add(MaskPrompt(9, 4, np.ones((40, 48))))
    assert tracker.object_ids == (1, 2, 7)


def places(results) -> list[tuple[int, int]]:
    return [(result.frame, one.object_id) for result in results for one in result]


def test_the_other_direction_is_gone_nevertheless(miniature) -> None:
    whole = list(session(miniature).propagate())
    source = Generated(9, broken=[7])
    tracker = session(miniature, source)
    results, sentence = until_the_error(tracker.propagate())
    assert "Frame 7" in sentence
    assert course(results[:7]) == course(whole[:7])
    assert places(results[7:]) == places(whole[9:])
    assert tracker.is_paused
    source.broken.clear()
    assert places(tracker.resume()) == places(whole[7:9])
    assert not tracker.is_paused


def test_the_first_of_two_broken_frames_is_told(miniature) -> None:
    tracker = session(miniature, Generated(9, broken=[2, 8]))
    results, sentence = until_the_error(tracker.propagate())
    assert "Frame 2" in sentence
    assert [result.frame for result in results] == [0, 1, 4, 3]


@settings(max_examples=8)
@given(st.integers(0, 16), st.sets(st.sampled_from([1, 2, 4, 6, 7, 8]), max_size=2))
def test_everything_is_computed_once_the_frames_are_mended(stop, broken) -> None:
    source = Generated(9, broken=broken)
    tracker = session(MODEL, source)
    run, results = tracker.propagate(), []
    with suppress(FrameError):
        results.extend(islice(run, stop))
    run.close()
    source.broken.clear()
    results += list(tracker.resume() if tracker.is_paused else tracker.propagate())
    assert sorted(places(results)) == sorted(places(session(MODEL).propagate()))
