"""Undo while objects are followed, and after: it takes back all of a run, or none."""

from __future__ import annotations

import pytest

from napari_sam2.control import Activity
from napari_sam2.state import edits
from tests.control.conftest import Desk, click, start_run, stop_run


@pytest.fixture
def desk(ready_desk: Desk) -> Desk:
    """Return a session with two objects and a tracker that is ready."""
    return ready_desk


def test_undo_during_a_run_takes_back_all_of_it(desk: Desk) -> None:
    start_run(desk, 4)
    desk.history.undo()
    desk.lane.finish()
    assert set(desk.document.masks.of_object(1)) == {0}
    assert desk.status.activity is Activity.IDLE
    desk.history.redo()
    assert set(desk.document.masks.of_object(1)) == {0, 1, 2, 3}


def test_undo_before_the_first_frame_takes_back_only_the_wish_to_run(
    desk: Desk,
) -> None:
    start_run(desk, 0)
    assert desk.controller.steps.undo_label == "Track 1 object"
    desk.controller.steps.undo()
    assert desk.controller.steps.undo_label == desk.history.undo_label
    desk.lane.finish()
    assert desk.status.message == "Undone: Track 1 object."
    assert set(desk.document.masks.of_object(1)) == {0}
    assert desk.history.undo_label != "Track 1 object"
    assert not desk.controller.can_resume


@pytest.mark.parametrize("is_stopped", [False, True])
def test_undo_before_a_run_changes_anything_keeps_the_object_that_was_added(
    desk: Desk, is_stopped: bool
) -> None:
    desk.say(1, 0, click(20, 30))
    desk.lane.finish()
    desk.add(3)
    desk.controller.run()
    desk.lane.step(2)  # the prompted frame comes first, with the mask that it has
    if is_stopped:
        desk.controller.stop()
    assert desk.controller.steps.undo_label == "Track 1 object"
    desk.controller.steps.undo()
    desk.lane.finish()
    assert desk.status.message == "Undone: Track 1 object."
    assert set(desk.document.objects) == {1, 2, 3}
    assert set(desk.document.masks.of_object(1)) == {0}
    desk.controller.steps.undo()
    assert set(desk.document.objects) == {1, 2}


def test_undo_before_a_run_changes_anything_keeps_the_last_prompt(desk: Desk) -> None:
    start_run(desk, 1)
    desk.controller.steps.undo()
    desk.lane.finish()
    assert desk.document.said_about(1) == {0: click(20, 30)}
    assert desk.controller.steps.undo_label == desk.history.undo_label


def test_undo_after_a_run_was_stopped_for_a_prompt_takes_that_back(desk: Desk) -> None:
    start_run(desk, 1)
    desk.say(2, 8, click(5, 5))
    desk.controller.steps.undo()
    desk.lane.finish()
    assert not desk.document.said_about(2)
    assert desk.document.said_about(1)


def test_undo_takes_back_what_was_done_since_a_run_began(desk: Desk) -> None:
    start_run(desk, 0)
    desk.history.do(edits.rename_object(desk.document, 1, "fish"))
    desk.controller.steps.undo()
    assert desk.document.objects[1].name == "Object 1"
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 10


def test_what_was_undone_is_not_offered_to_be_continued(desk: Desk) -> None:
    stop_run(desk, 4)
    desk.controller.resume()
    desk.controller.steps.undo()
    desk.controller.steps.undo()
    desk.lane.finish()
    assert set(desk.document.masks.of_object(1)) == {0}
    assert not desk.controller.can_resume


def test_the_end_of_a_run_does_not_hide_that_it_was_undone(desk: Desk) -> None:
    start_run(desk, 4)
    desk.controller.steps.undo()
    desk.lane.finish()
    assert desk.status.message == "Undone: Track 1 object."


def test_undo_just_after_continue_keeps_what_was_found_before(desk: Desk) -> None:
    stop_run(desk, 4)
    desk.controller.resume()
    desk.controller.steps.undo()
    desk.lane.finish()
    assert set(desk.document.masks.of_object(1)) == {0, 1, 2, 3}
    desk.controller.resume()
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 10


def test_undo_and_redo_say_what_they_did(desk: Desk) -> None:
    stop_run(desk, 4)
    desk.controller.steps.undo()
    assert desk.status.message == "Undone: Track 1 object."
    desk.controller.steps.redo()
    assert desk.status.message == "Done again: Track 1 object."
    desk.controller.steps.redo()
    assert desk.status.message == "Done again: Track 1 object."


def test_frames_on_their_way_when_a_run_is_undone_are_dropped(desk: Desk) -> None:
    start_run(desk, 4)
    on_item = desk.lane.tasks[0]._on_item
    late = []
    desk.lane.tasks[0]._on_item = late.append
    desk.lane.step()
    desk.history.undo()
    on_item(late[0])
    assert set(desk.document.masks.of_object(1)) == {0}
    assert desk.history.redo_label == "Track 1 object"


def test_undoing_a_name_does_not_stop_a_run(desk: Desk) -> None:
    start_run(desk, 2)
    desk.history.do(edits.rename_object(desk.document, 1, "fish"))
    desk.lane.step(2)
    desk.history.do(edits.rename_object(desk.document, 1, "bird"))
    desk.history.undo()
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 10
    assert desk.document.objects[1].name == "fish"


def test_a_name_that_was_undone_during_a_run_can_be_given_again(desk: Desk) -> None:
    start_run(desk, 2)
    desk.history.do(edits.rename_object(desk.document, 1, "fish"))
    desk.controller.steps.undo()
    desk.lane.step(2)
    assert desk.controller.steps.redo_label == "Rename Object 1"
    desk.controller.steps.redo()
    desk.lane.finish()
    assert desk.document.objects[1].name == "fish"
    assert desk.document.frames_covered(1) == 10
    for _ in range(2):
        desk.controller.steps.undo()
    assert set(desk.document.masks.of_object(1)) == {0}, "the run is one step still"


def test_after_undo_there_is_nothing_to_go_on_with(desk: Desk) -> None:
    start_run(desk, 3)
    desk.controller.stop()
    desk.lane.finish()
    desk.history.undo()
    assert not desk.controller.can_resume
    desk.controller.resume()
    assert desk.status.activity is Activity.IDLE


def test_what_was_undone_is_not_spoken_of_once_something_else_is_done(
    desk: Desk,
) -> None:
    desk.say(1, 0, click(20, 30))
    desk.controller.steps.undo()
    assert desk.status.message.startswith("Undone:")
    desk.say(2, 3, click(20, 30))
    assert desk.status.message == ""
