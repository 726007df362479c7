"""With the tool for boxes a click without a drag is a point, and never a box."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.prompts import FramePrompts
from tests.layers.conftest import RECTANGLE, Bench, points
from tests.layers.mouse import click, drag

BOX = FramePrompts(box_yxyx=(3, 5, 13, 15))


@pytest.fixture
def drawing(bench: Bench) -> Bench:
    """Return a bench where an object has a box, and the tool for boxes is in use."""
    bench.boxes.add(RECTANGLE)
    bench.go_to(2)
    bench.boxes.mode = "add_rectangle"
    bench.said.clear()
    return bench


@pytest.mark.parametrize(
    ("how", "positive"),
    [({}, True), ({"button": 2}, False), ({"modifiers": ("Alt",)}, False)],
)
@pytest.mark.parametrize("shake", [0, 0.2])
def test_a_click_adds_a_point_to_the_box(drawing, how, positive, shake):
    drag(drawing.viewer, drawing.boxes, [(2, 8, 9), (2, 8 + shake, 9 - shake)], **how)
    assert drawing.document.prompts == {
        (1, 2): FramePrompts(((8, 9),), (positive,), BOX.box_yxyx)
    }
    np.testing.assert_allclose(drawing.points.data, [(2, 8, 9)])
    np.testing.assert_array_equal(drawing.boxes.data, [RECTANGLE])
    assert len(drawing.said) == 1
    drawing.history.undo()
    assert drawing.document.prompts == {(1, 2): BOX}


def test_a_click_says_where_the_object_is_whatever_points_said_last(drawing):
    drawing.prompts.is_positive = False
    click(drawing.viewer, drawing.boxes, (2, 8, 9))
    assert drawing.document.prompts[1, 2].positive == (True,)


def test_a_click_can_begin_an_object(bench):
    bench.boxes.mode = "add_rectangle"
    click(bench.viewer, bench.boxes, (0, 8, 9))
    assert bench.document.prompts == {(1, 0): points((8, 9))}


def test_clicks_lie_where_the_image_was_put(new_bench):
    bench = new_bench(scale=(1, 0.5, 0.5), translate=(0, 7, 3))
    bench.go_to(2)
    bench.boxes.mode = "add_rectangle"
    click(bench.viewer, bench.boxes, (2, 11, 7.5))
    assert bench.document.prompts == {(1, 2): points((8, 9))}


def test_a_click_beside_the_image_is_refused(drawing):
    click(drawing.viewer, drawing.boxes, (2, 8, 90))
    assert "outside the image" in drawing.refused[0]
    assert drawing.document.prompts == {(1, 2): BOX}
    assert len(drawing.boxes.data) == 1


@pytest.mark.parametrize("to", [(2, 8.3, 25), (2, 20, 9.3)])
def test_a_box_of_some_screen_pixels_is_not_taken(drawing, to):
    drag(drawing.viewer, drawing.boxes, [(2, 8, 9), to, to])
    assert "zoom in" in drawing.refused[0]
    assert drawing.document.prompts == {(1, 2): BOX}
    assert not drawing.said
    np.testing.assert_array_equal(drawing.boxes.data, [RECTANGLE])


def test_a_drag_that_goes_back_to_where_it_began_leaves_the_box(drawing):
    path = [(2, 8, 9), (2, 20, 25), (2, 20, 25), (2, 8, 9), (2, 8, 9)]
    drag(drawing.viewer, drawing.boxes, path)
    assert "zoom in" in drawing.refused[0]
    assert drawing.document.prompts == {(1, 2): BOX}
    np.testing.assert_array_equal(drawing.boxes.data, [RECTANGLE])


def test_small_boxes_can_be_drawn_where_they_are_seen_large(drawing):
    drag(drawing.viewer, drawing.boxes, [(2, 8, 9), (2, 9, 10), (2, 10, 11)])
    box = drawing.document.prompts[1, 2].box_yxyx
    assert box == pytest.approx((8, 9, 10, 11), abs=0.6)


def test_a_box_from_a_script_is_taken_whatever_was_clicked_before(drawing):
    drawing.boxes.mode = "select"
    click(drawing.viewer, drawing.boxes, (2, 25, 35))
    drawing.boxes.add(RECTANGLE + np.array([0, 2, 2]))
    assert drawing.document.prompts[1, 2].box_yxyx == (5, 7, 15, 17)
