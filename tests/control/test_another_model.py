"""Another model, or picture, is used once it is needed, and what was said is kept."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from napari_sam2.control import Activity
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.quality import EXACT, FAST
from napari_sam2.core.recipe import Made
from tests.control.conftest import SHAPE, Desk, click


@pytest.mark.parametrize(
    ("choice", "value"),
    [
        ("model", "sam2.1-tiny"),
        ("device", "cpu"),
        ("window", "on"),
        ("corrects_bleaching", True),
        ("quality", "fast"),
        ("is_compiled", True),
    ],
)
def test_another_model_or_window_is_used_when_it_is_needed(desk, choice, value) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    setattr(desk.settings, choice, value)
    assert len(desk.factory.made) == 1
    desk.controller.run()
    assert len(desk.factory.made) == 2
    assert getattr(desk.factory.tracker.request, choice) == value
    made = [one for one in desk.controller.recorder.steps if isinstance(one, Made)]
    if choice == "quality":
        assert [one.quality for one in made] == [EXACT, FAST]
    elif choice not in ("device", "is_compiled"):  # the masks do not hang on it
        assert getattr(made[-1], choice) == value != getattr(made[0], choice)
    assert desk.factory.tracker.said == {1: {0: click(20, 30)}}
    assert desk.document.frames_covered(1) == 10


def test_a_tracker_that_is_no_longer_asked_for_is_let_go_at_once(desk) -> None:
    """Another session may have its own made before this one needs another."""
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    before = weakref.ref(desk.factory.made.pop())
    desk.settings.model = "sam2.1-tiny"
    gc.collect()
    assert before() is None
    desk.controller.run()
    assert desk.document.frames_covered(1) == 10


def test_it_is_known_what_the_quality_came_to_once_a_model_is_opened(desk) -> None:
    assert desk.status.quality is None
    desk.settings.quality = "fast"
    desk.controller.prepare()
    assert desk.status.quality is FAST
    desk.settings.window = "on"  # another tracker of the same model
    assert desk.status.quality is FAST
    desk.settings.quality = "exact"
    assert desk.status.quality is None
    desk.add(1)
    desk.say(1, 0, click(20, 30))  # a click opens it as well
    assert desk.status.quality is EXACT


def test_what_a_quality_came_to_that_is_no_longer_wanted_is_not_told(
    slow_desk,
) -> None:
    slow_desk.settings.quality = "fast"
    slow_desk.controller.prepare()
    slow_desk.lane.step()
    slow_desk.settings.quality = "exact"
    slow_desk.lane.finish()
    assert slow_desk.status.quality is None
    slow_desk.controller.prepare()
    slow_desk.lane.finish()
    assert slow_desk.status.quality is EXACT
    assert all(status.quality is not FAST for status in slow_desk.statuses)


def test_other_channels_are_another_stack_of_the_same_size(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    other = ArrayFrames(np.ones(SHAPE, np.uint8))
    desk.controller.set_frames(other)
    desk.controller.run()
    assert desk.factory.tracker.request.frames is other
    with pytest.raises(StackError, match="4 frames of 5 × 6 pixels, but the prompts"):
        desk.controller.set_frames(ArrayFrames(np.ones((4, 5, 6), np.uint8)))
    assert desk.controller.frames is other


def test_another_picture_has_nothing_answered_where_answers_are_not_wanted_at_once(
    desk: Desk,
) -> None:
    desk.settings.live_answers = False
    desk.add(1)
    desk.say(1, 2, click(20, 30))
    desk.controller.set_frames(ArrayFrames(np.ones(SHAPE, np.uint8)))
    assert not len(desk.document.masks)
    desk.settings.live_answers = True
    assert (1, 2) in desk.document.masks


def test_prompts_are_answered_anew_when_the_model_sees_another_picture(
    desk: Desk,
) -> None:
    desk.add(1, 2)
    desk.say(1, 0, click(20, 30))
    desk.say(2, 5, click(10, 12))
    desk.lock(2, 5)
    desk.controller.run()
    steps = desk.history.undo_label
    desk.controller.set_frames(desk.frames, as_limits(0, 9))
    tracker = desk.factory.tracker
    assert tracker.request.limits == as_limits(0, 9)
    assert [entry[:3] for entry in tracker.log] == [("set", 1, 0)]
    assert desk.history.undo_label == steps  # nothing to undo
    assert not desk.document.needs_answer(1, 0)
    assert desk.document.frames_covered(1) == 10


def test_the_model_can_be_loaded_before_it_is_needed(desk: Desk) -> None:
    desk.controller.prepare()
    assert desk.status.message == "nano is ready."
    activities = [status.activity for status in desk.statuses]
    assert Activity.LOADING in activities and activities[-1] is Activity.IDLE
    labels = {status.progress.label for status in desk.statuses if status.progress}
    assert labels == {"Loading nano"}
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    desk.controller.prepare()
    assert len(desk.factory.made) == 1
