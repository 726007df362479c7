"""Objects are merged: the model is told of the whole, and no run brings parts back."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.control import Activity
from napari_sam2.core.prompts import FramePrompts
from tests.control.conftest import Desk, click, start_run, stop_run
from tests.control.fake_tracker import disc
from tests.state.test_history import state

LEFT, RIGHT = disc((40, 60), (20, 10)), disc((40, 60), (20, 50))


@pytest.fixture
def desk(ready_desk: Desk) -> Desk:
    """Return a session with two objects, each clicked on another frame."""
    ready_desk.say(1, 0, click(20, 10))
    ready_desk.say(2, 5, click(20, 50))
    ready_desk.lane.finish()
    return ready_desk


def run(desk: Desk) -> None:
    desk.controller.run(objects=tuple(desk.document.objects))
    desk.lane.finish()


def seen(desk: Desk, frame: int) -> np.ndarray:
    return desk.mask(1, frame).mask.mask


def test_what_was_found_of_both_is_kept_and_followed_anew(desk: Desk) -> None:
    run(desk)
    desk.controller.merging.merge((1, 2))
    assert all((seen(desk, f) == (LEFT | RIGHT)).all() for f in range(10))
    desk.lane.finish()
    run(desk)
    whole = {frame: FramePrompts(mask=LEFT | RIGHT) for frame in (0, 5)}
    assert desk.factory.tracker.said == {1: whole}
    assert all((seen(desk, f) == (LEFT | RIGHT)).all() for f in range(10))


def test_prompts_of_frames_where_one_is_seen_alone_stay_prompts(desk: Desk) -> None:
    desk.controller.merging.merge((2, 1))
    assert desk.status.message == "Done: Merge 2 objects into Object 1."
    assert desk.document.selected == 1
    desk.lane.finish()
    run(desk)
    assert desk.factory.tracker.said == {1: {0: click(20, 10), 5: click(20, 50)}}


def test_it_is_said_where_masks_took_the_place_of_prompts(desk: Desk) -> None:
    run(desk)
    desk.controller.merging.merge((1, 2))
    assert "On 2 frames that had prompts, more than one" in desk.status.message


def test_prompts_that_wait_are_answered_together(desk: Desk) -> None:
    desk.say(1, 8, click(20, 10))
    desk.say(2, 8, click(20, 50))
    desk.controller.merging.merge((1, 2))
    desk.lane.finish()
    np.testing.assert_array_equal(seen(desk, 8), LEFT | RIGHT)
    assert not desk.document.needs_answer(1, 8)
    while desk.history.undo():
        desk.lane.finish()
    assert state(desk.document) == ({}, {}, {})


def test_a_run_does_not_bring_the_parts_back(desk: Desk) -> None:
    run(desk)
    desk.controller.run(objects=(1, 2))
    desk.lane.step(4)
    assert desk.status.activity is Activity.RUNNING
    task, late = desk.lane.tasks[0], []
    on_item, task._on_item = task._on_item, late.append
    desk.lane.step()
    desk.controller.merging.merge((1, 2))
    on_item(late[0])  # a frame that was on its way
    task._on_item = on_item
    desk.lane.finish()
    assert all((seen(desk, f) == (LEFT | RIGHT)).all() for f in range(10))
    assert list(desk.document.objects) == [1]
    assert "Done: Merge 2 objects into Object 1." in desk.status.message
    assert "Stopped because of a change of the objects" in desk.status.message
    assert not desk.controller.can_resume


def test_undo_and_redo_during_a_run_are_exact(ready_desk: Desk) -> None:
    start_run(ready_desk, 3)
    ready_desk.say(2, 8, click(5, 5))
    ready_desk.lane.finish()
    before = state(ready_desk.document)
    ready_desk.controller.merging.merge((1, 2))
    after = state(ready_desk.document)
    ready_desk.controller.run()
    ready_desk.lane.step(1)
    ready_desk.controller.steps.undo()  # the wish to run
    ready_desk.controller.steps.undo()
    ready_desk.lane.finish()
    assert state(ready_desk.document) == before
    ready_desk.controller.steps.redo()
    ready_desk.lane.finish()
    assert state(ready_desk.document) == after


def test_a_run_that_was_stopped_is_not_offered_any_more(ready_desk: Desk) -> None:
    stop_run(ready_desk, 3)
    ready_desk.controller.merging.merge((1, 2))
    assert not ready_desk.controller.can_resume


def test_what_cannot_be_merged_is_said_and_stops_nothing(ready_desk: Desk) -> None:
    start_run(ready_desk, 3)
    ready_desk.controller.merging.merge((1,))
    assert "two or more objects" in ready_desk.status.message
    ready_desk.lane.finish()
    assert ready_desk.document.frames_covered(1) == 10
