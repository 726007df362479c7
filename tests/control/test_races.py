"""Things that happen while something else is going on."""

from __future__ import annotations

import pytest

from napari_sam2.control import Activity
from napari_sam2.state import Origin, edits
from tests.control.conftest import Desk, click
from tests.control.fake_tracker import disc


@pytest.fixture
def desk(ready_desk: Desk) -> Desk:
    """Return a session with two objects and a tracker that is ready."""
    return ready_desk


def test_only_the_newest_of_waiting_prompts_is_answered(desk: Desk) -> None:
    desk.say(2, 0, click(9, 9))
    for x in range(10, 40):
        desk.say(1, 0, click(20, x), gesture="drag")
    desk.lane.finish()
    asked = [entry[3] for entry in desk.factory.tracker.log if entry[1] == 1]
    assert asked == [click(20, 39)]
    assert desk.center(1, 0) == pytest.approx((20, 39))
    assert desk.center(2, 0) == pytest.approx((9, 9))


def test_the_mask_follows_a_point_that_is_dragged(desk: Desk) -> None:
    desk.say(1, 0, click(20, 10))
    desk.say(1, 0, click(20, 11))
    desk.lane.step()
    assert desk.center(1, 0) == pytest.approx((20, 10))
    desk.say(1, 0, click(20, 12))
    desk.lane.finish()
    assert desk.center(1, 0) == pytest.approx((20, 12))


def test_an_answer_that_was_undone_is_not_shown(desk: Desk) -> None:
    desk.say(1, 0, click(20, 10))
    desk.history.undo()
    desk.lane.finish()
    assert desk.mask(1, 0) is None
    assert desk.status.activity is Activity.IDLE


def test_undo_asks_for_an_answer_that_never_came(desk: Desk) -> None:
    desk.say(2, 0, click(9, 9))
    desk.say(1, 0, click(20, 10))
    desk.say(1, 0, click(20, 30))
    desk.history.undo()
    desk.lane.finish()
    assert desk.center(1, 0) == pytest.approx((20, 10))
    desk.history.redo()
    desk.lane.finish()
    assert desk.center(1, 0) == pytest.approx((20, 30))
    assert len(desk.history) == 5


def test_undo_elsewhere_does_not_lose_an_answer(desk: Desk) -> None:
    desk.say(1, 0, click(20, 10))
    desk.say(2, 3, click(9, 9))
    desk.history.undo()
    desk.lane.finish()
    assert desk.center(1, 0) == pytest.approx((20, 10))
    assert desk.mask(2, 3) is None


def test_what_is_painted_meanwhile_outlasts_an_answer(desk: Desk) -> None:
    desk.say(1, 0, click(20, 10))
    desk.paint(1, 0, disc((40, 60), (30, 30)))
    desk.lane.finish()
    assert desk.mask(1, 0).origin is Origin.PAINTED
    assert desk.center(1, 0) == pytest.approx((30, 30))


def test_an_object_removed_meanwhile_gets_no_answer(desk: Desk) -> None:
    desk.say(1, 0, click(20, 10))
    desk.history.do(edits.remove_object(desk.document, 1))
    desk.lane.finish()
    assert len(desk.document.masks) == 0
    assert desk.status.problem is None


def test_an_answer_of_the_model_before_is_dropped(desk: Desk) -> None:
    desk.say(1, 0, click(20, 10))
    heard = []
    on_item = desk.lane.tasks[0]._on_item
    desk.lane.tasks[0]._on_item = heard.append
    desk.lane.step()
    desk.settings.model = "sam2.1-tiny"
    on_item(heard[0])
    assert desk.mask(1, 0) is None
    desk.lane.finish()
    assert desk.mask(1, 0) is not None
    assert len(desk.factory.made) == 2


def test_stopping_while_a_model_loads(slow_desk: Desk) -> None:
    slow_desk.add(1)
    slow_desk.controller.prepare()
    slow_desk.lane.step()
    assert slow_desk.status.activity is Activity.LOADING
    slow_desk.controller.stop()
    slow_desk.lane.finish()
    assert slow_desk.status.activity is Activity.IDLE
    assert slow_desk.factory.made == []
    assert "ready" not in slow_desk.status.message
    slow_desk.say(1, 0, click(20, 10))
    slow_desk.lane.finish()
    assert slow_desk.center(1, 0) == pytest.approx((20, 10))


def test_a_question_whose_model_was_stopped_is_asked_with_the_next(slow_desk) -> None:
    slow_desk.add(1)
    slow_desk.say(1, 0, click(20, 10))
    slow_desk.lane.step()
    assert slow_desk.status.activity is Activity.LOADING
    slow_desk.controller.stop()
    slow_desk.lane.finish()
    assert slow_desk.mask(1, 0) is None
    slow_desk.say(1, 5, click(9, 9))
    slow_desk.lane.finish()
    assert slow_desk.center(1, 0) == pytest.approx((20, 10))
    assert slow_desk.center(1, 5) == pytest.approx((9, 9))


def test_a_click_before_the_model_is_there_waits_for_it(slow_desk: Desk) -> None:
    slow_desk.add(1)
    slow_desk.controller.prepare()
    slow_desk.say(1, 0, click(20, 10))
    slow_desk.lane.finish()
    assert slow_desk.center(1, 0) == pytest.approx((20, 10))
    assert len(slow_desk.factory.made) == 1


def test_status_is_what_the_first_job_does(desk: Desk) -> None:
    assert desk.status.activity is Activity.IDLE
    desk.say(1, 0, click(20, 10))
    assert desk.status.activity is Activity.ANSWERING
    assert not desk.status.is_busy
    desk.controller.run()
    desk.lane.step(2)
    assert desk.status.activity is Activity.RUNNING
    assert desk.status.is_busy
    desk.lane.finish()
    assert desk.status.activity is Activity.IDLE
