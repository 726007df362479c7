"""A simulated user says where objects are, and where answers are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.errors import PromptError
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.evaluation.asking import (
    Asking,
    first_prompts,
    innermost,
    parse_asking,
    with_correction,
)


def rectangle(y: slice, x: slice) -> np.ndarray:
    mask = np.zeros((20, 30), bool)
    mask[y, x] = True
    return mask


OBJECT = rectangle(slice(2, 13), slice(4, 15))


def test_the_innermost_pixel_is_farthest_from_the_outline() -> None:
    assert innermost(OBJECT) == (7, 9)


def test_beyond_the_frame_is_not_the_object() -> None:
    assert innermost(rectangle(slice(0, 11), slice(0, 11))) == (5, 5)


def test_a_box_goes_around_the_pixels() -> None:
    said = first_prompts("box", OBJECT)
    assert said == FramePrompts(box_yxyx=(1.5, 3.5, 12.5, 14.5))


def test_a_click_and_a_mask() -> None:
    click = first_prompts("click", OBJECT)
    assert (click.points_yx, click.positive) == (((7, 9),), (True,))
    assert np.array_equal(first_prompts("mask", OBJECT).mask, OBJECT)


def test_a_correction_is_in_the_middle_of_the_largest_error() -> None:
    first = first_prompts("click", OBJECT)
    too_much = OBJECT | rectangle(slice(2, 13), slice(15, 26))
    more = with_correction(first, too_much, OBJECT)
    assert more.points_yx == ((7, 9), (7, 20))
    assert more.positive == (True, False)
    half = rectangle(slice(2, 13), slice(4, 8))
    more = with_correction(more, half, OBJECT)
    assert more.positive == (True, False, True)
    assert more.points_yx[-1] == (5, 11)  # the first of the deepest pixels
    assert with_correction(more, OBJECT, OBJECT) is None


def test_an_object_that_is_gone_gets_a_negative_click() -> None:
    more = with_correction(FramePrompts(), OBJECT, np.zeros_like(OBJECT))
    assert more == FramePrompts(points_yx=((7, 9),), positive=(False,))


def test_kinds_are_read_and_written() -> None:
    for text in ("box", "mask", "click", "clicks3", "clicks12"):
        assert str(parse_asking(text)) == text
    assert parse_asking("clicks3") == Asking("click", 3)
    assert parse_asking("clicks1") == Asking("click")


@pytest.mark.parametrize("text", ["", "clicks", "clicks0", "boxes", "clicks-1", "3"])
def test_other_words_are_refused(text) -> None:
    with pytest.raises(PromptError, match="write box, mask, click, or clicks3"):
        parse_asking(text)
