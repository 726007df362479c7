"""What a user sees when everything goes well."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.control import Activity
from napari_sam2.core.errors import FrameError
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Origin, edits
from tests.control.conftest import Desk, click
from tests.control.fake_tracker import disc
from tests.drawn import drawn


def test_a_click_gives_a_mask_and_a_run_the_others(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 3, click(20, 30))
    assert desk.mask(1, 3).origin is Origin.PROMPTED
    np.testing.assert_array_equal(
        drawn(desk.document, 3) == 1, disc((40, 60), (20, 30))
    )
    desk.controller.run()
    assert desk.document.frames_covered(1) == 10
    assert desk.mask(1, 9).origin is Origin.TRACKED
    assert desk.status.activity is Activity.IDLE
    assert desk.status.message == "Track 1 object: 10 frames are done."


def test_moving_and_withdrawing_a_point_is_honoured(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    desk.say(1, 0, click(10, 12))
    assert desk.center(1, 0) == pytest.approx((10, 12))
    desk.say(1, 0, FramePrompts())
    assert desk.mask(1, 0) is None
    assert desk.factory.tracker.said == {1: {0: click(10, 12)}}, "told when it matters"
    desk.add(2)
    desk.say(2, 0, click(20, 30))
    desk.controller.run()
    assert desk.factory.tracker.log[-1] == ("run", (2,))


def test_a_correction_starts_from_the_tracked_mask(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    assert desk.factory.tracker.previous[1, 0] is None
    desk.controller.run()
    tracked = desk.mask(1, 5).mask.mask
    desk.say(1, 5, click(10, 12))
    np.testing.assert_array_equal(desk.factory.tracker.previous[1, 5], tracked)
    desk.say(1, 5, click(11, 12))
    np.testing.assert_array_equal(desk.factory.tracker.previous[1, 5], tracked)


def test_a_correction_is_carried_by_the_next_run(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    desk.controller.run()
    desk.say(1, 6, click(10, 12))
    assert desk.center(1, 7) == pytest.approx((20, 30))
    desk.controller.run()
    assert desk.center(1, 7) == pytest.approx((10, 12))
    assert desk.center(1, 1) == pytest.approx((20, 30))


def test_painting_is_a_prompt_and_is_never_overwritten(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    painted = np.zeros((40, 60), bool)
    painted[2:5, 2:9] = True
    desk.paint(1, 6, painted)
    desk.controller.run()
    assert desk.mask(1, 6).origin is Origin.PAINTED
    for frame in (6, 7):
        assert desk.mask(1, frame).mask == pack_mask(painted)
    assert desk.factory.tracker.said[1][6].packed == pack_mask(painted)


def test_saying_absent_is_carried_on(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    desk.history.do(edits.mark_absent(desk.document, 1, [6]))
    desk.controller.run()
    assert desk.mask(1, 8).mask.is_absent
    assert not desk.mask(1, 2).mask.is_absent


def test_locked_frames_stay_as_they_are(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    desk.controller.run()
    desk.lock(1, 4)
    desk.say(1, 0, click(10, 12))
    desk.controller.run()
    assert desk.center(1, 4) == pytest.approx((20, 30))
    assert desk.center(1, 5) == pytest.approx((10, 12))


def test_a_run_may_be_of_some_objects_and_frames(desk: Desk) -> None:
    desk.add(1, 2)
    desk.say(1, 4, click(20, 30))
    desk.say(2, 4, click(10, 12))
    desk.controller.run(objects=[2], direction="forward", frames=range(3, 8))
    assert set(desk.document.masks.of_object(2)) == {4, 5, 6, 7}
    assert set(desk.document.masks.of_object(1)) == {4}


def test_runs_follow_the_settings(desk: Desk) -> None:
    desk.add(1, 2)
    desk.say(1, 4, click(20, 30))
    desk.say(2, 4, click(10, 12))
    desk.document.select(1)
    desk.settings.only_selected = True
    desk.settings.direction = "backward"
    desk.settings.frame_range = (2, 8)
    desk.controller.run()
    assert set(desk.document.masks.of_object(1)) == {2, 3, 4}
    assert set(desk.document.masks.of_object(2)) == {4}


def test_undo_takes_a_whole_run_back_and_redo_brings_it_again(desk: Desk) -> None:
    desk.add(1, 2)
    desk.say(1, 0, click(20, 30))
    desk.say(2, 0, click(10, 12))
    desk.controller.run()
    assert desk.history.undo_label == "Track 2 objects"
    desk.history.undo()
    assert {place for place, _ in desk.document.masks.items()} == {(1, 0), (2, 0)}
    desk.history.redo()
    assert len(desk.document.masks) == 20


def test_the_tracker_follows_undo_and_redo(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    desk.say(1, 5, click(10, 12))
    desk.history.undo()
    desk.controller.run()
    assert desk.factory.tracker.said == {1: {0: click(20, 30)}}
    assert desk.center(1, 9) == pytest.approx((20, 30))
    desk.history.undo()
    desk.history.redo()
    desk.say(1, 5, click(8, 9))
    desk.controller.run()
    assert desk.factory.tracker.said == {1: {0: click(20, 30), 5: click(8, 9)}}


def test_a_tracker_forgets_a_run_that_was_undone(desk: Desk) -> None:
    desk.add(1, 2)
    desk.say(1, 0, click(20, 30))
    desk.say(2, 0, click(10, 12))
    desk.controller.run(objects=[1])
    desk.history.undo()
    desk.factory.tracker.log.clear()
    desk.say(1, 5, click(10, 40))
    assert desk.factory.tracker.log == [
        ("remove", 1),
        ("set", 1, 0, click(20, 30)),
        ("set", 1, 5, click(10, 40)),
    ]
    assert desk.factory.tracker.previous[1, 5] is None


def test_a_tracker_keeps_what_a_run_taught_it(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    desk.controller.run()
    desk.lock(1, 4)
    desk.paint(1, 6, disc((40, 60), (9, 9)))
    desk.factory.tracker.log.clear()
    desk.say(1, 5, click(10, 40))
    assert [entry[0] for entry in desk.factory.tracker.log] == ["set", "set"]


def test_a_removed_object_leaves_the_tracker_too(desk: Desk) -> None:
    desk.add(1, 2)
    desk.say(1, 0, click(20, 30))
    desk.say(2, 0, click(10, 12))
    desk.history.do(edits.remove_object(desk.document, 1))
    desk.controller.run()
    assert list(desk.factory.tracker.said) == [2]
    desk.history.undo()
    desk.history.undo()
    assert desk.center(1, 0) == pytest.approx((20, 30))
    desk.controller.run()
    assert list(desk.factory.tracker.said) == [1, 2]


def test_a_run_over_more_steps_than_frames_says_that_they_are_steps(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    tracker = type(desk.factory.tracker)  # frames between prompts are in two steps
    monkeypatch.setattr(tracker, "plan", lambda self, **options: range(15))
    desk.statuses.clear()
    desk.controller.run()
    told = [one.progress for one in desk.statuses if one.progress]
    running = [one for one in told if one.label == "Track 1 object"]
    assert running[-1].total == 15
    assert {one.unit for one in running} == {"steps"}


def test_a_run_tells_how_far_and_how_fast(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    desk.statuses.clear()
    desk.controller.run()
    last = [s for s in desk.statuses if s.activity is Activity.RUNNING and s.progress]
    halfway = next(status for status in last if status.progress.done == 5)
    assert (halfway.progress.total, halfway.progress.label) == (10, "Track 1 object")
    assert halfway.progress.unit == ""
    assert halfway.frames_per_second == pytest.approx(2.0)
    assert halfway.seconds_left == pytest.approx(2.5)
    assert desk.status.progress is None and desk.status.seconds_left is None


def test_a_closed_controller_does_nothing_more(desk: Desk) -> None:
    desk.add(1)
    desk.controller.close()
    desk.say(1, 0, click(20, 30))
    desk.settings.model = "other"
    desk.history.undo()
    assert desk.factory.made == []


def test_the_outcome_counts_frames_and_objects_once(desk: Desk, monkeypatch) -> None:
    """Going both ways from two prompts, frames between them are computed twice."""
    desk.add(1, 2)
    desk.say(1, 0, click(20, 30))
    desk.say(2, 0, click(5, 8))
    plan = [*range(4, 10), *range(4, -1, -1), *range(10)]
    monkeypatch.setattr(desk.factory.tracker, "plan", lambda **_: plan)
    desk.controller.run(objects=[1])
    assert desk.status.message == "Track 1 object: 10 frames are done."


def test_a_continued_run_tells_of_all_its_frames(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    desk.factory.tracker.fail_at = {4: FrameError("Frame 4 could not be read.")}
    desk.controller.run()
    assert "4 of 10 frames are done" in desk.status.message
    desk.factory.tracker.fail_at.clear()
    desk.controller.resume()
    assert desk.status.message == "Track 1 object: 10 frames are done."
