import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import PromptError
from napari_sam2.core.prompt_text import parse_box, parse_point
from napari_sam2.core.prompts import BoxPrompt, PointPrompt

NUMBERS = st.floats(0, 1e4, allow_nan=False)


@given(st.integers(1, 999), st.integers(0, 999), NUMBERS, NUMBERS, st.booleans())
def test_points_survive_being_typed(object_id, frame, y, x, positive):
    text = f"{object_id}:{frame},{y!r},{x!r}" + ("" if positive else ",-")
    found = parse_point(text)
    assert found.prompt == PointPrompt(object_id, frame, (y, x), positive)
    assert found.at == {}


def test_the_position_comes_before_the_frame():
    found = parse_point("1:t=3, M = 0,16,120,88,-")
    assert found.prompt == PointPrompt(1, 16, (120, 88), positive=False)
    assert found.at == {"t": 3, "m": 0}
    assert parse_box("2:t=4,0,1,2,3,4").at == {"t": 4}


def test_boxes_are_read_row_first():
    assert parse_box("2:0,10,20,60.5,90").prompt == BoxPrompt(2, 0, (10, 20, 60.5, 90))


def test_swapped_corners_are_repaired():
    assert parse_box("2:0,60,90,10,20").prompt == BoxPrompt(2, 0, (10, 20, 60, 90))


def test_spaces_and_an_explicit_plus_are_fine():
    assert parse_point(" 1: 0, 4, 5, +").prompt == PointPrompt(1, 0, (4, 5))


@pytest.mark.parametrize(
    "text",
    ["", "1", "1:0", "1:0,5", "1:0,5,6,7", "1:0,5,6,-,-", "a:0,5,6", "1:0.5,5,6",
     "1:0,five,6", "0,5,6", "1:0,5,6,x", "1:,5,6",
     "1:t=3", "1:t=,0,5,6", "1:=3,0,5,6", "1:t=x,0,5,6", "1:0,t=3,5,6"],
)  # fmt: skip
def test_a_point_of_another_form_is_explained(text):
    with pytest.raises(PromptError, match=r"OBJECT:FRAME,Y,X"):
        parse_point(text)


@pytest.mark.parametrize("text", ["", "1:0,1,2,3", "1:0,1,2,3,4,5", "1:0,1,2,3,x"])
def test_a_box_of_another_form_is_explained(text):
    with pytest.raises(PromptError, match=r"OBJECT:FRAME,Y0,X0,Y1,X1"):
        parse_box(text)


@pytest.mark.parametrize(
    "text", ["0:0,5,6", "-1:0,5,6", "1:-1,5,6", "1:0,nan,6", "1:0,inf,6"]
)
def test_impossible_numbers_are_refused(text):
    with pytest.raises(PromptError):
        parse_point(text)


def test_a_box_without_area_is_refused():
    with pytest.raises(PromptError, match="no area"):
        parse_box("1:0,5,6,5,9")
