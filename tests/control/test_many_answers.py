"""Many prompts at once are answered in portions."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.control import Activity, many_answers
from napari_sam2.control.importing import LabelOrder
from napari_sam2.core.errors import ModelError, NoPromptError
from napari_sam2.state import edits
from tests.control.conftest import SHAPE, Desk, click

LABELS = np.zeros(SHAPE[1:], np.uint16)
for number in range(30):
    y, x = divmod(number, 10)
    LABELS[10 * y + 2 : 10 * y + 7, 6 * x + 1 : 6 * x + 5] = number + 1


@pytest.fixture(autouse=True)
def _portions_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_answers, "_LARGEST", 10)
    monkeypatch.setattr(many_answers, "_LONGEST_S", 1e9)


def take_boxes(desk: Desk) -> None:
    order = LabelOrder(lambda _: LABELS, (0,), form="boxes")
    desk.controller.take_labels(order)


def step_until(desk: Desk, count: int) -> None:
    while len(desk.document.masks) < count:
        desk.lane.step()


def test_all_are_answered_with_one_change_for_each_portion(desk: Desk) -> None:
    changes: list[frozenset[int]] = []
    desk.document.masks_changed.connect(changes.append)
    take_boxes(desk)
    assert len(desk.document.masks) == 30
    assert len(changes) == 3
    assert desk.status.activity is Activity.IDLE
    desk.history.undo()
    assert not len(desk.document.masks)


def test_portions_end_when_others_have_waited_long_enough(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_answers, "_LONGEST_S", -1.0)
    changes: list[frozenset[int]] = []
    desk.document.masks_changed.connect(changes.append)
    take_boxes(desk)
    assert len(desk.document.masks) == len(changes) == 30


def test_a_click_comes_before_the_next_portion(slow_desk: Desk) -> None:
    take_boxes(slow_desk)
    step_until(slow_desk, 10)
    slow_desk.add(40)
    slow_desk.say(40, 3, click(20, 30))
    step_until(slow_desk, 21)
    assert slow_desk.mask(40, 3) is not None
    slow_desk.lane.finish()
    assert len(slow_desk.document.masks) == 31


def test_what_was_answered_meanwhile_is_not_asked_again(slow_desk: Desk) -> None:
    take_boxes(slow_desk)
    step_until(slow_desk, 10)
    slow_desk.say(30, 0, click(24, 57))
    slow_desk.lane.finish()
    assert slow_desk.mask(30, 0).answers == click(24, 57)
    told = [one[1] for one in slow_desk.factory.tracker.log if one[0] == "set"]
    assert told.count(30) == 1


def test_what_is_withdrawn_meanwhile_is_not_asked(slow_desk: Desk) -> None:
    take_boxes(slow_desk)
    step_until(slow_desk, 10)
    slow_desk.history.do(edits.remove_object(slow_desk.document, 30))
    slow_desk.lane.finish()
    assert len(slow_desk.document.masks) == 29


def test_stopping_keeps_the_answers_and_a_later_question_asks_for_the_rest(
    slow_desk: Desk,
) -> None:
    take_boxes(slow_desk)
    step_until(slow_desk, 10)
    slow_desk.controller.stop()
    slow_desk.lane.finish()
    assert slow_desk.status.activity is Activity.IDLE
    assert len(slow_desk.document.masks) == 10
    slow_desk.add(40)
    slow_desk.say(40, 3, click(20, 30))
    slow_desk.lane.finish()
    assert len(slow_desk.document.masks) == 31


def test_one_that_cannot_be_answered_does_not_keep_the_others_from_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.controller.prepare()
    tracker = desk.factory.tracker
    answer = tracker.set_prompts

    def refuse(object_id, *args, **kwargs):
        if object_id == 5:
            raise NoPromptError("Not this one.")
        return answer(object_id, *args, **kwargs)

    problems = []
    desk.controller.status_changed.connect(lambda now: problems.append(now.message))
    monkeypatch.setattr(tracker, "set_prompts", refuse)
    take_boxes(desk)
    assert len(desk.document.masks) == 29
    assert "Not this one." in problems
    assert desk.status.activity is Activity.IDLE


def test_a_model_that_cannot_load_is_tried_once_and_answers_come_later(
    desk: Desk,
) -> None:
    desk.factory.error = ModelError("It is broken.")
    take_boxes(desk)
    assert not len(desk.document.masks)
    assert desk.status.message == "It is broken."
    desk.add(40)
    desk.say(40, 3, click(20, 30))
    assert len(desk.document.masks) == 31


def test_another_picture_has_all_answered_anew_once(slow_desk: Desk) -> None:
    take_boxes(slow_desk)
    step_until(slow_desk, 10)
    slow_desk.controller.set_frames(slow_desk.frames)
    slow_desk.lane.finish()
    assert len(slow_desk.document.masks) == 30
    assert not any(slow_desk.document.needs_answer(i, 0) for i in range(1, 31))
    told = [one for one in slow_desk.factory.tracker.log if one[0] == "set"]
    assert len(told) == 30
