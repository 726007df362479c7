"""What counts as right is what the user made, corrected, accepted or locked."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.finetuning.truth import Habits, habits_of, truth_of, vouched_for
from napari_sam2.state.masks import FrameMask, Origin
from tests.finetuning.conftest import truth

PIXELS = pack_mask(np.eye(4, dtype=bool))
CLICK = FramePrompts(points_yx=((1, 1),), positive=(True,))
TWO = FramePrompts(points_yx=((1, 1), (2, 2)), positive=(True, False))
BOX_AND_CLICK = FramePrompts(
    points_yx=((1, 1),), positive=(False,), box_yxyx=(0, 0, 3, 3)
)


def mask(origin: Origin, **more) -> FrameMask:
    return FrameMask(PIXELS, origin, 0.9, 1.0, **more)


TRACKED = mask(Origin.TRACKED)


@pytest.mark.parametrize(
    ("one", "counts"),
    [
        (TRACKED, False),
        (mask(Origin.TRACKED, is_reviewed=True), True),
        (mask(Origin.TRACKED, is_locked=True), True),
        (mask(Origin.PAINTED), True),
        (mask(Origin.PROMPTED, answers=CLICK), False),
        (mask(Origin.PROMPTED, answers=CLICK, is_reviewed=True), True),
        (mask(Origin.PROMPTED, answers=CLICK, beneath=TRACKED), True),
        (mask(Origin.PROMPTED, answers=TWO), True),
        (mask(Origin.PROMPTED, answers=BOX_AND_CLICK), True),
        (mask(Origin.PROMPTED), False),
    ],
)
def test_which_masks_of_a_project_count(one, counts):
    assert vouched_for(one) is counts
    assert truth_of({(3, 5): one}) == ({5: {3: PIXELS}} if counts else {})


def test_on_frames_of_a_project_other_objects_are_not_known():
    stack = truth([0, 1])
    stack = type(stack)(
        "x", stack.frames, stack.limits, {0: {1: PIXELS}, 1: {1: PIXELS, 2: PIXELS}}
    )
    assert stack.knows(1, 0)
    assert not stack.knows(2, 0)


def test_on_annotated_frames_objects_without_a_mask_are_absent():
    stack = truth([0, 1])
    assert stack.knows(7, 1)
    assert stack.mask(7, 1) is None
    assert not stack.knows(1, 5)


def test_after_a_division_the_mother_is_neither_there_nor_gone():
    stack = truth()
    stack = type(stack)(
        "x", stack.frames, stack.limits, stack.masks, stack.complete, ends={9: 3}
    )
    assert stack.knows(9, 3)
    assert not stack.knows(9, 4)


def test_habits_are_those_of_the_user_once_there_are_many_prompts():
    assert habits_of([], 0) == pytest.approx(Habits())
    boxes = habits_of([FramePrompts(box_yxyx=(0, 0, 3, 3))] * 40, 0)
    assert boxes.box > 0.9
    assert sum(boxes) == pytest.approx(1)
    assert habits_of([], 40).mask > 0.9
