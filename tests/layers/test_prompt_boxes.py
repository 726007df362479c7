"""Boxes are drawn, moved and reshaped, stay boxes, and say what was drawn."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.prompts import FramePrompts
from tests.layers.conftest import RECTANGLE, points
from tests.layers.mouse import drag


def test_a_box_is_drawn_with_the_mouse_in_one_step(bench):
    bench.boxes.mode = "add_rectangle"
    bench.go_to(2)
    drag(bench.viewer, bench.boxes, [(2, 3, 5), (2, 8, 9), (2, 13, 15)])
    (box,) = [one.box_yxyx for one in bench.document.prompts.values()]
    assert box == pytest.approx((3, 5, 13, 15), abs=0.01)
    assert len(bench.history) == 1


def test_a_newer_box_for_the_same_object_and_frame_replaces_the_older(bench):
    bench.boxes.add(RECTANGLE)
    bench.boxes.add(RECTANGLE + np.array([0, 2, 2]))
    assert bench.document.prompts == {(1, 2): FramePrompts(box_yxyx=(5, 7, 15, 17))}
    assert len(bench.boxes.data) == 1
    bench.history.undo()
    assert bench.document.prompts == {(1, 2): FramePrompts(box_yxyx=(3, 5, 13, 15))}
    np.testing.assert_array_equal(bench.boxes.data[0], RECTANGLE)


def test_moving_a_box_is_one_step(new_bench):
    bench = new_bench((4, 300, 300))
    bench.boxes.add(RECTANGLE * [1, 10, 10])
    bench.go_to(2)
    bench.said.clear()
    bench.boxes.mode = "select"
    bench.boxes.selected_data = {0}
    path = [(2, 65, 85), (2, 66, 86), (2, 68, 88), (2, 69, 95)]
    drag(bench.viewer, bench.boxes, path)
    assert bench.document.prompts[1, 2].box_yxyx == pytest.approx((34, 60, 134, 160))
    assert len(bench.history) == 2


@pytest.mark.parametrize(
    ("corner", "to", "expected"),
    [
        (0, (20, 40), (20, 40, 130, 150)),
        (0, (30, 10), (30, 10, 130, 150)),
        (1, (80, 200), (80, 50, 130, 200)),
        (2, (200, 210), (30, 50, 200, 210)),
        (3, (140, 20), (30, 20, 140, 150)),
        (0, (200, 220), (130, 150, 200, 220)),
    ],
)
def test_moving_one_corner_reshapes_the_box(new_bench, corner, to, expected):
    bench = new_bench((4, 300, 300))
    bench.boxes.add(RECTANGLE * [1, 10, 10])
    bench.go_to(2)
    bench.boxes.mode = "direct"
    bench.boxes.selected_data = {0}
    start = bench.boxes.data[0][corner]
    path = [start + (np.array([2, *to]) - start) * t for t in np.linspace(0, 1, 6)]
    drag(bench.viewer, bench.boxes, path)
    assert not bench.refused
    assert bench.document.prompts[1, 2].box_yxyx == pytest.approx(expected)
    assert set(bench.boxes.shape_type) == {"rectangle"}
    assert len(bench.said) > 3, "the box is followed while its corner moves"
    assert len(bench.history) == 2
    bench.history.undo()
    assert bench.document.prompts[1, 2].box_yxyx == (30, 50, 130, 150)


def test_corners_can_be_moved_one_after_the_other(new_bench):
    bench = new_bench((4, 300, 300))
    bench.boxes.add(RECTANGLE * [1, 10, 10])
    bench.go_to(2)
    bench.boxes.mode = "direct"
    bench.boxes.selected_data = {0}
    for start, end in [((2, 30, 50), (2, 20, 40)), ((2, 130, 150), (2, 140, 160))]:
        drag(bench.viewer, bench.boxes, [start, end, end])
    assert bench.document.prompts[1, 2].box_yxyx == pytest.approx((20, 40, 140, 160))


@pytest.mark.parametrize("tool", ["vertex_insert", "vertex_remove"])
def test_a_box_keeps_its_four_corners(bench, tool):
    bench.boxes.mode = tool
    assert bench.boxes.mode == "direct"
    assert "four corners" in bench.refused[0]


def test_a_turned_rectangle_becomes_the_upright_box_around_it(bench):
    diamond = np.array([[2, 5, 10], [2, 10, 15], [2, 15, 10], [2, 10, 5]], float)
    bench.boxes.add(diamond)
    assert bench.document.prompts[1, 2].box_yxyx == (5, 5, 15, 15)
    assert {tuple(corner) for corner in bench.boxes.data[0]} == {
        (2, 5, 5), (2, 5, 15), (2, 15, 15), (2, 15, 5)
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["ellipse", "polygon", "path"])
def test_other_shapes_are_taken_back_with_a_sentence(bench, kind):
    bench.boxes.add(RECTANGLE)
    bench.boxes.add(RECTANGLE, shape_type=kind)
    assert len(bench.boxes.data) == 1
    assert "Only rectangles" in bench.refused[0]


@pytest.mark.parametrize("tool", ["add_polygon", "add_ellipse", "add_path"])
def test_other_tools_are_refused_before_anything_is_drawn(bench, tool):
    bench.boxes.mode = tool
    assert bench.boxes.mode == "add_rectangle"
    assert "draw a rectangle" in bench.refused[0]


def test_boxes_across_frames_and_too_small_ones_are_taken_back(bench):
    across = RECTANGLE.copy()
    across[:2, 0] = 4
    bench.boxes.add(across)
    bench.boxes.add(RECTANGLE[:1] + RECTANGLE * [0, 0.01, 0.01])
    assert len(bench.boxes.data) == 0
    assert "does not lie on one frame" in bench.refused[0]
    assert "smaller than a pixel" in bench.refused[1]


def test_points_and_a_box_of_one_place_belong_together(bench):
    bench.boxes.add(RECTANGLE)
    bench.points.add((2, 8, 8))
    assert bench.document.prompts == {
        (1, 2): FramePrompts(((8, 8),), (True,), (3, 5, 13, 15))
    }
    bench.boxes.selected_data = {0}
    bench.boxes.remove_selected()
    assert bench.document.prompts == {(1, 2): points((8, 8))}
