"""What happens while objects are followed: it is answered, and what is done is kept."""

from __future__ import annotations

import pytest

from napari_sam2.control import Activity
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import edits
from tests.control.conftest import Desk, click, start_run
from tests.control.fake_tracker import disc


@pytest.fixture
def desk(ready_desk: Desk) -> Desk:
    """Return a session with two objects and a tracker that is ready."""
    return ready_desk


def test_a_click_stops_a_run_and_is_answered(desk: Desk) -> None:
    start_run(desk, 3)
    desk.say(1, 8, click(5, 5))
    assert desk.status.activity is Activity.STOPPING
    desk.lane.finish()
    assert desk.center(1, 8) == pytest.approx((5, 5))
    assert set(desk.document.masks.of_object(1)) == {0, 1, 2, 8}
    assert desk.status.activity is Activity.IDLE
    assert "3 of 10 frames are done, and are kept" in desk.status.message


def test_the_frame_that_was_being_computed_is_kept(desk: Desk) -> None:
    start_run(desk, 3)
    task = desk.lane.tasks[0]
    on_item, late = task._on_item, []
    task._on_item = late.append  # the frame is computed, and on its way
    desk.lane.step()
    desk.say(2, 8, click(5, 5))
    on_item(late[0])
    task._on_item = on_item
    desk.lane.finish()
    assert set(desk.document.masks.of_object(1)) == {0, 1, 2, 3}
    assert [desk.history.undo(), desk.history.undo()] == [True, True]
    assert set(desk.document.masks.of_object(1)) == {0}, "and undone with its run"


def test_a_frame_on_its_way_does_not_cover_a_click_on_it(desk: Desk) -> None:
    start_run(desk, 3)
    task = desk.lane.tasks[0]
    on_item, late = task._on_item, []
    task._on_item = late.append
    desk.lane.step()
    desk.say(1, 3, click(5, 5))
    on_item(late[0])
    task._on_item = on_item
    assert desk.mask(1, 3) is None
    desk.lane.finish()
    assert desk.center(1, 3) == pytest.approx((5, 5))


def test_stop_keeps_the_finished_frames(desk: Desk) -> None:
    start_run(desk, 4)
    desk.controller.stop()
    assert desk.status.activity is Activity.STOPPING
    desk.lane.finish()
    assert set(desk.document.masks.of_object(1)) == {0, 1, 2, 3}
    assert desk.status.activity is Activity.IDLE
    desk.controller.stop()
    desk.controller.run()
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 10


@pytest.mark.parametrize(
    ("choice", "value", "name"),
    [
        ("model", "tiny", "the model"),
        ("image_size", 512, "the detail"),
        ("quality", "fast", "the quality"),
    ],
)
def test_a_change_that_ends_a_run_is_told_and_stays_to_be_read(
    desk: Desk, choice, value, name
) -> None:
    start_run(desk, 3)
    setattr(desk.settings, choice, value)
    desk.controller.prepare()  # as the dock does
    desk.lane.finish()
    model = desk.settings.model
    assert desk.status.message == (
        f"Stopped because of a change of {name}: 3 of 10 frames are done, and are "
        f"kept. Propagate computes all of it anew. {model} is ready."
    )
    assert set(desk.document.masks.of_object(1)) == {0, 1, 2}
    assert not desk.controller.can_resume
    desk.controller.prepare()
    desk.lane.finish()
    assert desk.status.message == f"{model} is ready.", "it is said once"
    desk.controller.run()
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 10


def test_a_change_before_the_first_frame_is_told_too(desk: Desk) -> None:
    start_run(desk, 0)
    desk.settings.model = "tiny"
    desk.lane.finish()
    assert desk.status.message.startswith(
        "Stopped because of a change of the model: no frame was done yet."
    )


def test_a_problem_is_over_when_something_was_done_since(desk: Desk) -> None:
    desk.controller.run()
    assert "nothing to follow yet" in desk.status.message
    desk.say(1, 0, click(20, 30))
    assert desk.status.problem is None


def test_locking_and_painting_during_a_run_protects(desk: Desk) -> None:
    desk.paint(1, 5, disc((40, 60), (9, 9)))
    start_run(desk, 2)
    desk.lock(1, 5)
    desk.history.do(edits.remove_object(desk.document, 2))
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 10
    assert desk.center(1, 5) == pytest.approx((9, 9))


def test_an_object_removed_during_a_run_stays_away(desk: Desk) -> None:
    desk.say(2, 0, click(9, 9))
    start_run(desk, 3)
    desk.history.do(edits.remove_object(desk.document, 2))
    desk.lane.finish()
    assert {place[0] for place, _ in desk.document.masks.items()} == {1}
    assert list(desk.document.objects) == [1]


def test_a_second_run_does_not_start_beside_the_first(desk: Desk) -> None:
    start_run(desk, 2)
    desk.controller.run()
    assert len(desk.lane.tasks) == 1
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 10


def test_a_run_that_is_asked_for_while_another_stops_follows_it(desk: Desk) -> None:
    start_run(desk, 2)
    desk.say(1, 8, click(5, 5))
    desk.controller.run()
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 10
    assert desk.center(1, 9) == pytest.approx((5, 5))
    assert desk.status.message == "Track 1 object: 10 frames are done."


def test_another_model_ends_the_run_and_answers_anew(desk: Desk) -> None:
    start_run(desk, 3)
    desk.settings.model = "sam2.1-tiny"
    desk.say(1, 8, click(5, 5))
    desk.lane.finish()
    assert desk.factory.tracker.request.model == "sam2.1-tiny"
    assert desk.center(1, 8) == pytest.approx((5, 5))
    assert set(desk.document.masks.of_object(1)) == {0, 1, 2, 8}


def test_withdrawing_everything_during_a_run_keeps_what_is_done(desk: Desk) -> None:
    start_run(desk, 3)
    desk.say(1, 0, FramePrompts())
    desk.lane.finish()
    assert set(desk.document.masks.of_object(1)) == {1, 2}
    desk.controller.run()
    assert "nothing to follow yet" in desk.status.message
    assert desk.status.activity is Activity.IDLE


def test_closing_during_a_run_is_the_end(desk: Desk) -> None:
    start_run(desk, 3)
    before = desk.status
    desk.controller.close()
    desk.lane.finish()
    assert set(desk.document.masks.of_object(1)) == {0, 1, 2}
    assert desk.status == before


def test_a_stopped_run_goes_on_with_what_is_missing(desk: Desk) -> None:
    start_run(desk, 3)
    assert not desk.controller.can_resume
    desk.controller.stop()
    desk.lane.finish()
    assert "Continue goes on with the rest" in desk.status.message
    assert desk.controller.can_resume
    desk.controller.resume()
    desk.lane.step(1)
    assert (desk.status.progress.done, desk.status.progress.total) == (3, 10)
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 10
    assert [entry[0] for entry in desk.factory.tracker.log][-2:] == ["run", "resume"]
    assert not desk.controller.can_resume


def test_after_a_correction_the_rest_follows_it(desk: Desk) -> None:
    start_run(desk, 3)
    desk.say(1, 8, click(5, 5))
    desk.lane.finish()
    assert "Stopped for your correction: 3 of 10" in desk.status.message
    assert "Continue computes the rest" in desk.status.message
    desk.controller.resume()
    desk.lane.finish()
    assert desk.center(1, 2) == pytest.approx((20, 30))
    assert desk.center(1, 9) == pytest.approx((5, 5))
    assert desk.document.frames_covered(1) == 10


def test_a_run_that_cannot_go_on_is_done_again(desk: Desk) -> None:
    desk.say(1, 6, click(30, 50))
    start_run(desk, 3)
    desk.say(1, 6, FramePrompts())  # the tracker forgets where it was
    desk.lane.finish()
    desk.controller.resume()
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 10
    assert desk.center(1, 6) == pytest.approx((20, 30))
