"""Whatever fails, the status returns to idle and says why, and the next thing works."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.control import Activity, Topic
from napari_sam2.core.errors import (
    FrameError,
    GpuMemoryError,
    ModelError,
    PromptError,
)
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.state import Document, History, edits
from tests.control.conftest import Desk, click


def prepared(desk: Desk) -> Desk:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    return desk


@pytest.mark.parametrize(
    "error",
    [
        FrameError("Frame 4 could not be read."),
        GpuMemoryError("The device ran out of memory."),
        RuntimeError("CUDA out of memory"),
        MemoryError("no more"),
        ValueError("shapes differ"),
    ],
)
def test_an_error_in_a_run_keeps_what_is_done(desk: Desk, error: Exception) -> None:
    prepared(desk).factory.tracker.fail_at[4] = error
    desk.controller.run()
    assert desk.status.activity is Activity.IDLE
    assert desk.status.problem is error
    assert str(error) in desk.status.message
    assert desk.status.message.endswith("4 of 10 frames are done, and are kept.")
    assert set(desk.document.masks.of_object(1)) == {0, 1, 2, 3}
    desk.factory.tracker.fail_at.clear()
    desk.controller.run()
    assert desk.status.problem is None
    assert desk.document.frames_covered(1) == 10


def test_what_failed_in_the_middle_is_one_step_to_undo(desk: Desk) -> None:
    prepared(desk).factory.tracker.fail_at[4] = FrameError("gone")
    desk.controller.run()
    desk.history.undo()
    assert set(desk.document.masks.of_object(1)) == {0}


def test_a_tracker_is_given_up_only_after_errors_nobody_foresaw(desk: Desk) -> None:
    prepared(desk).factory.tracker.fail_at[4] = FrameError("gone")
    desk.controller.run()
    desk.controller.run()
    assert len(desk.factory.made) == 1
    desk.factory.tracker.fail_at[4] = RuntimeError("broken inside")
    desk.controller.run()
    assert "Something unexpected went wrong (RuntimeError" in desk.status.message
    desk.controller.run()
    assert len(desk.factory.made) == 2
    assert desk.document.frames_covered(1) == 10


@pytest.mark.parametrize("error", [ModelError("No such file."), OSError("disk")])
def test_a_model_that_does_not_load_says_so_each_time(desk, error) -> None:
    desk.add(1)
    desk.factory.error = error
    desk.controller.prepare()
    assert desk.status.problem is error
    assert desk.status.activity is Activity.IDLE
    desk.factory.error = error
    desk.say(1, 0, click(20, 30))
    assert desk.status.problem is error
    assert desk.mask(1, 0) is None
    desk.say(1, 0, click(20, 31))
    assert desk.status.problem is None
    assert desk.mask(1, 0) is not None


def test_another_model_answers_what_the_first_could_not(desk: Desk) -> None:
    desk.add(1)
    desk.factory.error = ModelError("No such file.")
    desk.say(1, 0, click(20, 30))
    desk.settings.model = "sam2.1-tiny"
    assert desk.center(1, 0) == pytest.approx((20, 30))
    assert desk.status.problem is None


def test_a_factory_that_makes_nothing_is_an_error(desk: Desk) -> None:
    desk.controller._session._make_tracker = lambda request, token: iter(())
    desk.controller.prepare()
    assert desk.status.message == "The model nano could not be loaded."


def test_a_prompt_that_cannot_be_answered_is_explained(desk: Desk) -> None:
    prepared(desk)
    desk.say(1, 3, click(20, 30, positive=False))
    assert desk.status.message == "Only negative points for object 1."
    desk.say(1, 3, click(20, 30))
    assert desk.status.message == ""


def test_running_without_prompts_is_explained(desk: Desk) -> None:
    desk.controller.run()
    assert "nothing to follow yet: click an object" in desk.status.message
    desk.add(1)
    desk.controller.run()
    assert desk.status.activity is Activity.IDLE
    assert desk.status.problem is not None


def test_a_refused_edit_can_be_shown(desk: Desk) -> None:
    try:
        edits.set_prompts(desk.document, 1, 0, click(1, 1))
    except PromptError as error:
        desk.controller.report(error)
    assert desk.status.message == "There is no object 1; the objects are: none."


def test_frames_of_another_size_are_refused(desk: Desk) -> None:
    history = History(Document(frame_count=3, shape_hw=(4, 4)))
    frames = ArrayFrames(np.zeros((3, 4, 5), np.uint8))
    with pytest.raises(Exception, match="3 frames of 4 × 5 pixels, but the prompts"):
        type(desk.controller)(
            history, desk.settings, frames, lane=desk.lane, make_tracker=desk.factory
        )


def test_a_listener_that_fails_does_not_leave_the_status_busy(desk: Desk) -> None:
    prepared(desk)

    def fail(frames: frozenset[int]) -> None:
        if 3 in frames:
            raise ValueError("a bug of ours")

    desk.document.masks_changed.connect(fail)
    with pytest.raises(Exception, match="a bug of ours"):
        desk.controller.run()
    assert desk.status.activity is Activity.IDLE


def test_a_problem_belongs_to_what_was_asked_for(desk: Desk) -> None:
    told: list[tuple[Topic | None, bool]] = []
    desk.controller.status_changed.connect(
        lambda now: told.append((now.topic, now.problem is not None))
    )
    desk.controller.run()
    assert told[-1] == (Topic.RUN, True)
    prepared(desk).factory.tracker.fail_at[4] = FrameError("Frame 4 could not be read.")
    assert (Topic.PROMPTS, False) in told
    desk.controller.run()
    assert told[-1] == (Topic.RUN, True)
    desk.factory.tracker.fail_at.clear()
    told.clear()
    desk.controller.run()
    assert (Topic.RUN, False) in told
    assert (Topic.RUN, True) not in told
    assert told[-1] == (None, False)


def test_what_was_done_is_still_said_when_something_else_is_asked_for(
    desk: Desk,
) -> None:
    prepared(desk).controller.run()
    said = desk.status.message
    assert "10 frames are done" in said
    with desk.controller.attempt(Topic.OBJECTS):
        pass
    assert (desk.status.message, desk.status.topic) == (said, Topic.OBJECTS)
