"""A run along several axes that is stopped: Continue, corrections, and undo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_sam2.control import Activity, Controller
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import History, edits
from tests.control.across import (
    BOTH,
    Sitting,
    followed,
    go_to,
    lengths,
    run,
    stop_at,
)
from tests.control.conftest import SHAPE, Desk, click


@pytest.fixture
def desk(boxed_desk: Desk) -> Desk:
    return boxed_desk


@pytest.mark.parametrize("label", ["(now along y)", "(now along x)", "(now fusing)"])
def test_continue_goes_on_with_the_axis_it_was_at(desk: Desk, label: str) -> None:
    run(desk)
    stop_at(desk, label)
    assert desk.status.activity is Activity.IDLE
    assert desk.status.message == (
        "Stopped while the axes were being fused: not all frames are yet. "
        "Continue fuses all of them."
        if label == "(now fusing)"
        else "Stopped before the axes were fused: 10 of 10 frames are done, and are "
        "kept. Continue goes on, with the axis it was at from its beginning, as "
        "long as napari is open."
    )
    before = len(desk.factory.tracker.alikes)
    desk.controller.resume()
    desk.lane.finish()
    again = {"(now along y)": [40, 60], "(now along x)": [60], "(now fusing)": []}
    assert lengths(desk)[before:] == again[label]
    assert desk.status.message == "Track 1 object: 10 frames are done."
    assert followed(desk)[-1].is_resumed


def test_stopped_along_the_first_axis_it_begins_there_again(desk: Desk) -> None:
    run(desk)
    desk.lane.step(5)
    desk.controller.stop()
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 4
    desk.controller.resume()
    desk.lane.finish()
    assert lengths(desk) == [10, *SHAPE]
    assert desk.document.frames_covered(1) == 10


def test_what_was_said_after_a_stop_is_followed_along_all_axes(
    desk: Desk, crossing_folder: Path
) -> None:
    run(desk)
    stop_at(desk, "(now along x)")
    assert list(crossing_folder.iterdir())
    desk.say(1, 9, FramePrompts(box_yxyx=(30, 2, 33, 5)))
    desk.lane.finish()
    assert not list(crossing_folder.iterdir()), "it is of no use any more"
    desk.controller.resume()
    desk.lane.finish()
    assert lengths(desk) == [*SHAPE, *SHAPE]
    assert not followed(desk)[-1].is_resumed
    assert desk.center(1, 9) == pytest.approx((31.5, 3.5))


def test_a_correction_stops_it_and_is_answered(desk: Desk) -> None:
    run(desk)
    go_to(desk, "(now along y)")
    desk.say(1, 9, click(5, 5))
    assert desk.status.activity is Activity.STOPPING
    desk.lane.finish()
    assert desk.center(1, 9) == pytest.approx((5, 5))
    assert "then Propagate computes it along all axes anew" in desk.status.message
    assert not desk.controller.can_resume
    run(desk)
    desk.lane.finish()
    assert desk.status.message == "Track 1 object: 10 frames are done."
    assert desk.center(1, 9) == pytest.approx((5, 5)), "an answer is not voted on"


def test_undo_in_the_middle_takes_back_what_was_shown(
    desk: Desk, crossing_folder: Path
) -> None:
    run(desk)
    go_to(desk, "(now along y)")
    desk.history.undo()
    desk.lane.finish()
    assert not list(crossing_folder.iterdir()), "it is of no use any more"
    assert set(desk.document.masks.of_object(1)) == {4}
    assert desk.status.activity is Activity.IDLE
    assert not desk.controller.can_resume


@pytest.mark.parametrize("is_colour", [False, True])
def test_stopping_and_going_on_gives_what_one_run_gives(is_colour: bool) -> None:
    whole, parts = Sitting(is_colour=is_colour), Sitting(is_colour=is_colour)
    whole.controller.run(across=BOTH)
    for steps in (20, 18):
        parts.stop_after(steps)
        parts.controller.run(across=BOTH)
        parts.controller.resume()
    found = [
        {place: one.mask for place, one in each.document.masks.items()}
        for each in (whole, parts)
    ]
    assert found[0] == found[1]
    one_axis = Sitting(is_colour=is_colour)
    one_axis.controller.run()
    alone = {place: one.mask for place, one in one_axis.document.masks.items()}
    assert alone != found[0], "the other axes had their say"


@pytest.mark.parametrize("drop", [History.undo, Controller.clear_masks])
def test_nothing_is_kept_on_the_disk_of_what_cannot_be_gone_on_with(
    desk: Desk, crossing_folder: Path, drop: Callable[[Any], object]
) -> None:
    run(desk)
    stop_at(desk, "(now along x)")
    assert list(crossing_folder.iterdir())
    assert desk.controller.can_resume
    drop(desk.history if drop is History.undo else desk.controller)
    assert not desk.controller.can_resume
    desk.lane.finish()
    assert not list(crossing_folder.iterdir())
    assert desk.status.activity is Activity.IDLE
    run(desk)
    desk.lane.finish()
    assert desk.status.message == "Track 1 object: 10 frames are done."


def test_another_choice_lets_go_what_a_run_had_kept(
    desk: Desk, crossing_folder: Path
) -> None:
    run(desk)
    stop_at(desk, "(now along y)")
    desk.settings.window = "off"
    desk.lane.finish()
    assert not list(crossing_folder.iterdir())


def test_what_can_be_gone_on_with_is_kept(desk: Desk, crossing_folder: Path) -> None:
    run(desk)
    stop_at(desk, "(now along x)")
    desk.history.do(edits.rename_object(desk.document, 1, "nucleus"))
    desk.lock(1, 2)
    desk.lane.finish()
    assert list(crossing_folder.iterdir())
    assert desk.controller.can_resume
