"""Objects come and go, between runs and during them."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from napari_sam2.core.errors import (
    PromptError,
)
from napari_sam2.core.prompts import FramePrompts, PointPrompt
from tests.engine.stacks import by_object, said, three


def assert_close(found: dict, expected: dict) -> None:
    """Compare two courses; objects computed together differ by rounding."""
    assert found.keys() == expected.keys()
    for object_id, results in found.items():
        for a, b in zip(results, expected[object_id], strict=True):
            assert (a[:2], a[7]) == (b[:2], b[7])
            np.testing.assert_allclose(a[5:7], b[5:7], atol=5e-3)


def test_adding_an_object_leaves_the_others_as_they_were(tracker) -> None:
    before = by_object(three(tracker).propagate())
    tracker.add(PointPrompt(9, 4, (20, 20)))
    list(tracker.propagate(objects=[9]))
    after = by_object(tracker.propagate())
    assert_close({i: after[i] for i in before}, before)
    assert len(after[9]) == 8


def test_removing_an_object_leaves_the_others_as_they_were(tracker) -> None:
    before = by_object(three(tracker).propagate())
    tracker.remove_object(2)
    assert tracker.object_ids == (1, 3)
    after = by_object(tracker.propagate())
    assert_close(after, {i: before[i] for i in (1, 3)})
    with pytest.raises(PromptError, match="no object 2"):
        tracker.remove_object(2)


def test_withdrawing_the_last_prompt_forgets_the_object(tracker) -> None:
    tracker.add(PointPrompt(1, 0, (15, 12)))
    list(tracker.propagate())
    assert tracker.set_prompts(1, 0, FramePrompts()) is None
    assert tracker.object_ids == ()
    with pytest.raises(PromptError, match=r"no object 1.*none"):
        tracker.set_prompts(1, 0, FramePrompts())
    again = tracker.add(PointPrompt(1, 4, (15, 12)))
    fresh = tracker.add(PointPrompt(2, 4, (15, 12)))
    assert said(again)[2:] == said(fresh)[2:]


def test_an_object_removed_during_a_run_is_left_out(tracker) -> None:
    run = three(tracker).propagate(direction="forward")
    assert [len(result) for result in islice(run, 3)] == [2, 2, 3]
    tracker.remove_object(2)
    assert [[one.object_id for one in result] for result in islice(run, 2)] == [
        [1, 3]
    ] * 2
    run.close()
    assert all(one.object_id != 2 for result in tracker.resume() for one in result)


def test_when_all_objects_are_removed_a_run_ends(tracker) -> None:
    run = three(tracker).propagate()
    next(run)
    for object_id in (1, 2, 3):
        tracker.remove_object(object_id)
    assert list(run) == []


def test_a_prompt_given_during_a_run_counts_from_the_next_frame(tracker) -> None:
    run = three(tracker).propagate(direction="forward", objects=[1])
    before = by_object(islice(run, 3))[1]
    corrected = tracker.add(PointPrompt(1, 4, (30, 30)))
    tracker.set_prompts(1, 0, FramePrompts(((20, 20),), (True,)))
    after = by_object(run)[1]
    assert after[1] == said(corrected)
    again = by_object(tracker.propagate(direction="forward", objects=[1]))[1]
    assert again[0] != before[0]
    assert len(again) == 8


def test_an_object_added_during_a_run_waits_for_the_next(tracker) -> None:
    run = three(tracker).propagate()
    next(run)
    tracker.add(PointPrompt(9, 0, (20, 20)))
    assert 9 not in by_object(run)
    assert 9 in by_object(tracker.propagate())
