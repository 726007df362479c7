"""Prompts: what is refused, what is repaired, and how they add up."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import NoPromptError, PromptError
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import BoxPrompt, FramePrompts, MaskPrompt, PointPrompt

SHAPE = (20, 30)
INSIDE = st.tuples(st.floats(-0.5, 19.5), st.floats(-0.5, 29.5))
NUMBERS = st.floats(-100, 100)


def blob(shape_hw=SHAPE) -> np.ndarray:
    mask = np.zeros(shape_hw, bool)
    mask[2:5, 3:7] = True
    return mask


@pytest.mark.parametrize("object_id", [0, -1])
def test_object_numbers_start_at_one(object_id: int) -> None:
    with pytest.raises(PromptError, match="object numbers start at 1"):
        PointPrompt(object_id, 0, (1, 1))


def test_objects_have_numbers_that_label_images_hold() -> None:
    assert PointPrompt(2**32 - 1, 0, (1, 1)).object_id == 2**32 - 1
    with pytest.raises(PromptError, match="Object 4294967296 cannot be used"):
        PointPrompt(2**32, 0, (1, 1))


def test_frames_are_counted_from_zero() -> None:
    with pytest.raises(PromptError, match="Frame -1 does not exist"):
        BoxPrompt(1, -1, (0, 0, 1, 1))


@pytest.mark.parametrize("number", [0.5, "1", None])
def test_objects_and_frames_are_whole_numbers(number) -> None:
    with pytest.raises(PromptError, match="frame numbers are whole numbers"):
        PointPrompt(1, number, (1, 1))
    with pytest.raises(PromptError, match="object numbers are whole numbers"):
        MaskPrompt(number, 0, blob())


def test_numbers_of_numpy_become_those_of_python() -> None:
    point = PointPrompt(np.uint16(3), np.int64(2), np.array([4, 5], np.float32))
    assert point == PointPrompt(3, 2, (4, 5))
    assert type(point.object_id) is type(point.frame) is int
    assert type(point.point_yx) is tuple
    assert BoxPrompt(1, 0, np.array([1, 2, 3, 4])).box_yxyx == (1, 2, 3, 4)
    assert FramePrompts(np.array([[4, 5]]), (True,)).points_yx == ((4, 5),)


@pytest.mark.parametrize("value", [(3, 3, 3), (3,), 3, "yx", None])
def test_points_and_boxes_have_their_number_of_coordinates(value) -> None:
    with pytest.raises(PromptError, match="Y,X"):
        PointPrompt(1, 0, value)
    with pytest.raises(PromptError, match="Y,X"):
        FramePrompts((value,), (True,))
    with pytest.raises(PromptError, match="Y0,X0,Y1,X1"):
        BoxPrompt(1, 0, value)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_coordinates_are_finite(value: float) -> None:
    with pytest.raises(PromptError, match="finite"):
        PointPrompt(1, 0, (value, 1))
    with pytest.raises(PromptError, match="finite"):
        BoxPrompt(1, 0, (0, value, 3, 4))
    with pytest.raises(PromptError, match="finite"):
        FramePrompts(((value, 1.0),), (True,))
    with pytest.raises(PromptError, match="finite"):
        FramePrompts(box_yxyx=(0, 0, value, 4))


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_swapped_corners_are_repaired(y0, x0, y1, x1) -> None:
    if y0 == y1 or x0 == x1:
        with pytest.raises(PromptError, match="no area"):
            BoxPrompt(1, 0, (y0, x0, y1, x1))
        with pytest.raises(PromptError, match="no area"):
            FramePrompts(box_yxyx=(y0, x0, y1, x1))
        return
    box = BoxPrompt(1, 0, (y0, x0, y1, x1)).box_yxyx
    assert box[0] < box[2]
    assert box[1] < box[3]
    assert sorted(box) == sorted((y0, x0, y1, x1))
    assert FramePrompts(box_yxyx=(y0, x0, y1, x1)).box_yxyx == box


@pytest.mark.parametrize("given_mask", [blob().astype(np.uint8), blob().tolist()])
def test_masks_become_boolean_and_stay_as_they_are(given_mask) -> None:
    for mask in (MaskPrompt(1, 0, given_mask).mask, FramePrompts(mask=given_mask).mask):
        assert mask.dtype == bool
        np.testing.assert_array_equal(mask, blob())
        with pytest.raises(ValueError, match="read-only"):
            mask[0, 0] = True


def test_nobody_can_change_a_mask_that_was_given() -> None:
    for make in (partial(MaskPrompt, 1, 0), partial(FramePrompts, (), (), None)):
        mine = blob()
        mine.flags.writeable = False
        said = make(mine)
        mine.flags.writeable = True
        mine[0, 0] = True
        assert not said.mask[0, 0]
        with pytest.raises(ValueError, match="WRITEABLE"):
            said.mask.flags.writeable = True
        assert FramePrompts().with_prompt(MaskPrompt(1, 0, said.mask)).mask is said.mask


def test_a_packed_mask_says_the_same_and_stays_packed() -> None:
    packed = pack_mask(blob())
    one = MaskPrompt(1, 0, packed)
    said = FramePrompts().with_prompt(one)
    assert said.mask is one.mask is said.packed is packed
    assert said == FramePrompts(mask=blob()) != FramePrompts(mask=~blob())
    assert MaskPrompt(1, 0, blob()).packed == packed
    said.check(SHAPE, what="object 1 on frame 0")
    with pytest.raises(PromptError, match="20 × 30 pixels, but the frames are 9 × 9"):
        said.check((9, 9), what="object 1 on frame 0")


@pytest.mark.parametrize("shape", [(), (0,), (4,), (2, 3, 4)])
def test_masks_are_flat(shape: tuple[int, ...]) -> None:
    with pytest.raises(PromptError, match="2-D"):
        MaskPrompt(1, 0, np.ones(shape))
    with pytest.raises(PromptError, match="2-D"):
        FramePrompts(mask=np.ones(shape, bool))


def test_every_point_needs_a_label() -> None:
    with pytest.raises(PromptError, match="2 points but 1 labels"):
        FramePrompts(((1, 1), (2, 2)), (True,))


def test_a_mask_stands_alone() -> None:
    with pytest.raises(PromptError, match="stands alone"):
        FramePrompts(((1, 1),), (True,), mask=blob())


def test_prompts_with_masks_are_equal_only_when_the_masks_are() -> None:
    assert FramePrompts(mask=blob()) == FramePrompts(mask=blob())
    assert FramePrompts(mask=blob()) != FramePrompts(mask=~blob())
    assert FramePrompts(mask=blob()) != FramePrompts()
    assert FramePrompts(((1, 2),), (True,)) == FramePrompts(((1, 2),), (True,))


def test_points_append_boxes_replace_and_masks_start_anew() -> None:
    said = FramePrompts()
    assert not said
    said = said.with_prompt(PointPrompt(1, 0, (1, 2)))
    said = said.with_prompt(BoxPrompt(1, 0, (0, 0, 5, 5)))
    said = said.with_prompt(PointPrompt(1, 0, (3, 4), positive=False))
    said = said.with_prompt(BoxPrompt(1, 0, (0, 0, 9, 9)))
    assert said == FramePrompts(((1, 2), (3, 4)), (True, False), (0, 0, 9, 9))
    masked = said.with_prompt(MaskPrompt(1, 0, blob()))
    assert masked == FramePrompts(mask=blob())
    clicked = masked.with_prompt(PointPrompt(1, 0, (1, 2)))
    assert clicked == FramePrompts(((1, 2),), (True,))


@given(st.lists(st.tuples(INSIDE, st.booleans()), min_size=1, max_size=5))
def test_what_only_grew_extends_what_was_said_before(points) -> None:
    earlier = FramePrompts()
    for point_yx, positive in points:
        said = earlier.with_prompt(PointPrompt(1, 0, point_yx, positive))
        assert said.extends(earlier) == bool(earlier)
        assert not earlier.extends(said)
        earlier = said


@pytest.mark.parametrize("kind", [list, np.array])
def test_lists_and_arrays_say_the_same_as_tuples(kind) -> None:
    points, positive = ((3.0, 4.0), (5.0, 6.0)), (True, False)
    said = FramePrompts(kind(points), kind(positive), kind((1.0, 2.0, 8.0, 9.0)))
    same = FramePrompts(points, positive, (1.0, 2.0, 8.0, 9.0))
    assert said == same
    assert hash(said) == hash(same)
    assert said.with_prompt(PointPrompt(1, 0, (1, 1))).extends(same)


def test_other_edits_do_not_extend() -> None:
    earlier = FramePrompts(((1, 2), (3, 4)), (True, True))
    moved = FramePrompts(((1, 2), (3, 5)), (True, True))
    flipped = FramePrompts(((1, 2), (3, 4), (5, 6)), (True, False, True))
    boxed = FramePrompts(((1, 2), (3, 4)), (True, True), (0, 0, 9, 9))
    for said in (moved, flipped, boxed, FramePrompts(mask=blob())):
        assert not said.extends(earlier)
        assert not earlier.extends(said)


@given(INSIDE)
def test_every_point_of_the_image_is_taken(point_yx) -> None:
    FramePrompts((point_yx,), (True,)).check(SHAPE, what="it")


@pytest.mark.parametrize("point_yx", [(-0.6, 5), (5, 29.6), (20, 5), (5, 1e9)])
def test_points_outside_are_named(point_yx) -> None:
    with pytest.raises(PromptError, match=r"object 7.*outside the image.*20 × 30"):
        FramePrompts((point_yx,), (True,)).check(SHAPE, what="object 7")


@pytest.mark.parametrize("box", [(-9, 0, -1, 9), (0, 30, 9, 40), (21, 0, 30, 9)])
def test_boxes_outside_are_refused(box) -> None:
    with pytest.raises(PromptError, match="lies outside the image"):
        FramePrompts(box_yxyx=box).check(SHAPE, what="it")


def test_boxes_may_reach_over_the_edge() -> None:
    FramePrompts(box_yxyx=(-5, -5, 100, 100)).check(SHAPE, what="it")


def test_masks_of_another_size_are_refused() -> None:
    with pytest.raises(PromptError, match="20 × 31 pixels, but the frames are 20 × 30"):
        FramePrompts(mask=blob((20, 31))).check(SHAPE, what="it")


def test_nothing_and_only_negative_points_are_refused() -> None:
    with pytest.raises(NoPromptError, match="no prompt for it"):
        FramePrompts().check(SHAPE, what="it")
    negative = FramePrompts(((1, 1),), (False,))
    with pytest.raises(NoPromptError, match="only negative points for it"):
        negative.check(SHAPE, what="it")
    negative.check(SHAPE, what="it", refines=True)
    FramePrompts(((1, 1),), (False,), (0, 0, 5, 5)).check(SHAPE, what="it")
