"""Clicks and boxes on a painted frame add to the painting, or take away from it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Origin, edits
from tests.control.conftest import Desk, click
from tests.control.fake_tracker import disc

SHAPE_HW = (40, 60)
PAINTED = np.zeros(SHAPE_HW, bool)
PAINTED[18:23, 10:40] = True
BESIDE, WITHIN = (20.0, 44.0), (20.0, 12.0)


@pytest.fixture
def painted(desk: Desk) -> Desk:
    """Return a session in which an object is painted on frame 4."""
    desk.add(1)
    desk.paint(1, 4, PAINTED)
    return desk


def test_a_click_adds_to_what_was_painted(painted: Desk) -> None:
    painted.say(1, 4, click(*BESIDE))
    expected = PAINTED | disc(SHAPE_HW, BESIDE)
    assert painted.mask(1, 4).mask == pack_mask(expected)
    assert painted.mask(1, 4).origin is Origin.PROMPTED


def test_a_negative_click_takes_away_from_it(painted: Desk) -> None:
    painted.say(1, 4, click(*WITHIN, positive=False))
    assert painted.mask(1, 4).mask == pack_mask(PAINTED & ~disc(SHAPE_HW, WITHIN))
    assert painted.status.problem is None


def test_clicks_of_both_kinds_and_a_box_work_together(painted: Desk) -> None:
    said = FramePrompts((BESIDE, WITHIN), (True, False), (2, 2, 5, 6))
    painted.say(1, 4, said)
    box = np.zeros(SHAPE_HW, bool)
    box[2:6, 2:7] = True
    expected = (PAINTED | disc(SHAPE_HW, BESIDE) | box) & ~disc(SHAPE_HW, WITHIN)
    assert painted.mask(1, 4).mask == pack_mask(expected)


def test_a_moved_click_starts_from_the_painting_again(painted: Desk) -> None:
    for x in (44.0, 50.0, 47.0):
        painted.say(1, 4, click(20, x), gesture="drag")
    expected = PAINTED | disc(SHAPE_HW, (20, 47))
    assert painted.mask(1, 4).mask == pack_mask(expected)
    painted.history.undo()
    assert painted.document.said(1, 4) == pack_mask(PAINTED)
    painted.history.redo()
    assert painted.mask(1, 4).mask == pack_mask(expected)


def test_withdrawing_the_click_leaves_the_painting(painted: Desk) -> None:
    painted.say(1, 4, click(*BESIDE))
    painted.say(1, 4, FramePrompts())
    assert painted.document.said(1, 4) == pack_mask(PAINTED)


def test_runs_carry_the_refined_painting_and_leave_it_as_it_is(painted: Desk) -> None:
    painted.say(1, 4, click(*BESIDE))
    before = painted.mask(1, 4)
    painted.controller.run()
    assert painted.mask(1, 4) == before
    assert painted.mask(1, 9).mask == before.mask
    assert set(painted.factory.tracker.said) == {1}, "no helping object stays behind"


def test_painting_over_it_is_taken_as_it_is(painted: Desk) -> None:
    painted.say(1, 4, click(*BESIDE))
    painted.paint(1, 4, disc(SHAPE_HW, (9, 9)))
    assert painted.document.said(1, 4) == pack_mask(disc(SHAPE_HW, (9, 9)))
    painted.say(1, 4, click(*BESIDE))
    expected = disc(SHAPE_HW, (9, 9)) | disc(SHAPE_HW, BESIDE)
    assert painted.mask(1, 4).mask == pack_mask(expected)


def test_on_a_frame_marked_absent_a_click_says_where_the_object_is(desk: Desk) -> None:
    desk.add(1)
    desk.history.do(edits.mark_absent(desk.document, 1, [4]))
    desk.say(1, 4, click(*BESIDE))
    assert desk.mask(1, 4).mask == pack_mask(disc(SHAPE_HW, BESIDE))
    desk.say(1, 4, FramePrompts())
    assert desk.mask(1, 4).mask.is_absent


def test_another_model_refines_the_same_painting(painted: Desk) -> None:
    painted.say(1, 4, click(*BESIDE))
    painted.settings.model = "another"
    painted.controller.run()
    expected = PAINTED | disc(SHAPE_HW, BESIDE)
    assert painted.mask(1, 4).mask == pack_mask(expected)
    told = painted.factory.tracker.said[1][4]
    np.testing.assert_array_equal(told.mask, expected)
