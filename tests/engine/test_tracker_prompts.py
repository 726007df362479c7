"""Prompts are answered, refined and taken back, and bad ones change nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_sam2.core.errors import (
    FrameError,
    NoPromptError,
    PromptError,
)
from napari_sam2.core.prompts import BoxPrompt, FramePrompts, MaskPrompt, PointPrompt
from tests.engine.stacks import BLOB, course, said, three


def test_every_kind_of_prompt(tracker) -> None:
    for object_id, prompt in enumerate(
        [
            PointPrompt(1, 0, (15, 12)),
            BoxPrompt(2, 3, (5, 8, 30, 40)),
            MaskPrompt(3, 7, BLOB),
        ],
        start=1,
    ):
        result = tracker.add(prompt)
        assert (result.object_id, result.frame) == (object_id, prompt.frame)
        assert result.is_prompted
        assert result.shape_hw == (40, 48)
    assert tracker.object_ids == (1, 2, 3)
    assert result.predicted_iou == 1
    overlap = (result.mask & BLOB).sum() / (result.mask | BLOB).sum()
    assert overlap > 0.9


def test_what_was_said_can_be_asked(tracker) -> None:
    tracker.add(PointPrompt(4, 2, (15, 12)))
    tracker.add(PointPrompt(4, 2, (30, 30), positive=False))
    tracker.add(BoxPrompt(4, 0, (5, 8, 30, 40)))
    assert tracker.prompts(4) == {
        2: FramePrompts(((15, 12), (30, 30)), (True, False)),
        0: FramePrompts(box_yxyx=(5, 8, 30, 40)),
    }
    with pytest.raises(
        PromptError, match="no object 9: the objects with prompts are 4"
    ):
        tracker.prompts(9)


def test_saying_the_same_again_gives_the_same(tracker) -> None:
    tracker.add(PointPrompt(1, 0, (15, 12)))
    refined = tracker.add(PointPrompt(1, 0, (20, 14)))
    prompts = tracker.prompts(1)[0]
    for _ in range(2):
        assert said(tracker.set_prompts(1, 0, prompts)) == said(refined)


def test_a_refinement_starts_from_the_last_answer(tracker, miniature) -> None:
    tracker.add(PointPrompt(1, 0, (15, 12)))
    refined = tracker.add(PointPrompt(1, 0, (20, 14)))
    at_once = tracker.set_prompts(
        2, 0, FramePrompts(((15, 12), (20, 14)), (True, True))
    )
    assert said(refined)[2:] != said(at_once)[2:]


def test_a_changed_prompt_does_not_carry_the_old_one_along(tracker) -> None:
    tracker.add(PointPrompt(1, 0, (15, 12)))
    tracker.add(PointPrompt(1, 0, (30, 40)))
    moved = FramePrompts(((18, 20),), (True,))
    changed = tracker.set_prompts(1, 0, moved)
    fresh = tracker.set_prompts(2, 0, moved)
    assert said(changed)[2:] == said(fresh)[2:]


@pytest.mark.parametrize(
    ("prompt", "error", "sentence"),
    [
        (PointPrompt(1, 8, (1, 1)), FrameError, "Frame 8 does not exist"),
        (PointPrompt(1, 0, (40, 1)), PromptError, "object 1 on frame 0.*outside"),
        (PointPrompt(1, 0, (1, 1), False), NoPromptError, "only negative"),
        (MaskPrompt(1, 0, BLOB.T), PromptError, "48 × 40 pixels"),
        (BoxPrompt(1, 0, (50, 50, 60, 60)), PromptError, "outside"),
    ],
    ids=["frame", "point", "negative", "mask", "box"],
)
def test_bad_prompts_leave_everything_as_it_was(
    tracker, prompt, error, sentence
) -> None:
    with pytest.raises(error, match=sentence):
        tracker.add(prompt)
    assert tracker.object_ids == ()
    good = tracker.add(PointPrompt(1, 0, (15, 12)))
    before = tracker.prompts(1)
    with pytest.raises((error, PromptError)):
        tracker.add(replace(prompt, frame=prompt.frame or 3))
    assert tracker.prompts(1) == before
    again = next(tracker.propagate())[1]
    assert said(again) == said(good)


def test_withdrawing_a_prompt_is_as_if_it_was_never_given(tracker, miniature) -> None:
    before = course(three(tracker).propagate())
    tracker.set_prompts(1, 5, FramePrompts(((30, 30),), (True,)))
    tracker.set_prompts(1, 5, FramePrompts())
    assert tracker.prompts(1).keys() == {0}
    assert course(tracker.propagate()) == before


def test_an_absent_object_is_an_answer(tracker) -> None:
    result = tracker.add(MaskPrompt(1, 0, np.zeros((40, 48), bool)))
    assert result.is_absent
    assert result.object_logit < 0
    assert result.mask.shape == (40, 48)
    assert result.box_yxyx is None
    for frame in tracker.propagate():
        assert frame.labels().shape == (40, 48)


def test_an_object_said_to_be_absent_later(tracker) -> None:
    three(tracker)
    list(tracker.propagate())
    tracker.add(MaskPrompt(1, 4, np.zeros((40, 48), bool)))
    results = {result.frame: result for result in tracker.propagate(objects=[1])}
    assert results[4][1].is_absent
    assert results[4].labels().max() == 0


def test_numbers_of_numpy_are_as_good_as_those_of_python(tracker) -> None:
    point = FramePrompts(((15, 12),), (True,))
    answer = tracker.set_prompts(np.int64(2), np.int64(1), point)
    assert type(answer.object_id) is type(answer.frame) is int
    tracker.add(PointPrompt(np.int32(2), np.int64(3), (15, 12)))
    results = list(tracker.propagate(objects=np.array([2]), frames=range(np.int64(3))))
    assert [result.frame for result in results] == [1, 2, 0]
    assert {type(one.object_id) for result in results for one in result} == {int}
    tracker.remove_object(np.int64(2))
    assert tracker.object_ids == ()


def test_what_is_no_number_of_an_object_or_frame_is_told(tracker) -> None:
    point = FramePrompts(((15, 12),), (True,))
    with pytest.raises(FrameError, match=r"Frame 0\.5 does not exist"):
        tracker.set_prompts(1, 0.5, point)
    with pytest.raises(PromptError, match="object numbers start at 1"):
        tracker.set_prompts(0, 0, point)
    tracker.set_prompts(1, 0, point)
    with pytest.raises(FrameError, match="give a range"):
        tracker.propagate(frames=[0, 1])
