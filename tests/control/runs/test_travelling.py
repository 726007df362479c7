"""Undo and redo go to the object that a step was about."""

from __future__ import annotations

from napari_sam2.state import edits
from tests.control.conftest import Desk, click


def test_the_object_of_a_step_that_comes_back_is_chosen(desk: Desk) -> None:
    desk.add(1, 2)
    desk.say(1, 0, click(20, 30))
    desk.say(2, 0, click(10, 10))
    steps = desk.controller.steps
    desk.document.select(1)
    steps.undo()
    assert desk.document.selected == 2
    desk.document.select(1)
    steps.redo()
    assert desk.document.selected == 2


def test_a_step_about_several_objects_changes_no_choice(desk: Desk) -> None:
    desk.add(1, 2)
    desk.say(1, 0, click(20, 30))
    desk.say(2, 0, click(10, 10))
    desk.document.select(1)
    desk.history.do(edits.clear_masks(desk.document))
    desk.controller.steps.undo()
    assert desk.document.selected == 1
