"""What is done to the layers of prompts is said, and what is said is shown."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.prompts import FramePrompts
from napari_sam2.layers.palette import object_rgba
from napari_sam2.state import edits
from tests.layers.conftest import RECTANGLE, points
from tests.layers.mouse import click, drag


def test_a_point_becomes_a_prompt_of_a_new_object_in_one_change(bench):
    bench.points.add((np.float64(2), np.float64(5), np.float64(7)))
    assert bench.document.prompts == {(1, 2): points((5, 7))}
    assert bench.said == [frozenset({(1, 2)})]
    assert len(bench.history) == 1
    bench.history.undo()
    assert not bench.document.objects
    assert len(bench.points.data) == 0


def test_new_points_are_for_the_selected_object_with_the_present_polarity(bench):
    for _ in range(2):
        bench.history.do(edits.add_object(bench.document))
    bench.document.select(1)
    bench.prompts.is_positive = False
    bench.points.add((0, 1, 1))
    bench.document.select(2)
    bench.prompts.is_positive = True
    bench.points.add((0, 2, 2))
    assert bench.document.prompts == {
        (1, 0): points((1, 1), positive=(False,)),
        (2, 0): points((2, 2)),
    }


def test_selecting_a_point_does_not_change_what_new_points_are_for(bench):
    bench.history.do(edits.add_object(bench.document))
    bench.points.add((0, 1, 1))
    bench.history.do(edits.add_object(bench.document))
    bench.points.selected_data = {0}
    bench.points.add((0, 2, 2))
    assert set(bench.document.prompts) == {(1, 0), (2, 0)}


def test_many_points_at_once_are_one_change(bench):
    bench.points.add([(0, 1, 1), (3, 2, 2)])
    assert bench.said == [frozenset({(1, 0), (1, 3)})]
    assert len(bench.history) == 1


def test_removing_points_is_one_change(bench):
    bench.points.add([(0, 1, 1), (0, 2, 2), (3, 2, 2)])
    bench.said.clear()
    bench.points.selected_data = {np.int64(0), np.int64(2)}
    bench.points.remove_selected()
    assert bench.document.prompts == {(1, 0): points((2, 2))}
    assert len(bench.said) == 1
    bench.history.undo()
    assert sorted(map(tuple, bench.points.data)) == [(0, 1, 1), (0, 2, 2), (3, 2, 2)]


def test_popping_by_a_negative_index_withdraws_the_last_point(bench):
    bench.points.add([(0, 1, 1), (0, 2, 2)])
    bench.points.pop(-1)
    assert bench.document.prompts == {(1, 0): points((1, 1))}


@pytest.mark.parametrize("nothing", [np.zeros((0, 3)), None])
def test_clearing_the_points_withdraws_them(bench, nothing):
    bench.points.add([(0, 1, 1), (3, 2, 2)])
    bench.said.clear()
    bench.points.data = nothing
    assert not bench.document.prompts
    assert len(bench.said) == 1


def test_assigning_data_is_one_change(bench):
    bench.points.add((0, 1, 1))
    bench.said.clear()
    bench.points.data = np.array([(0, 1, 2), (4, 5, 6)])
    assert bench.document.prompts == {(1, 0): points((1, 2)), (1, 4): points((5, 6))}
    assert len(bench.said) == 1


def test_a_dragged_point_is_followed_and_undone_as_one_step(bench):
    bench.points.add((0, 5, 5))
    steps = len(bench.history)
    bench.points.mode = "select"
    drag(bench.viewer, bench.points, [(0, 5, 5 + x) for x in range(11)])
    assert bench.document.prompts == {(1, 0): points((5, 15))}
    assert len(bench.history) == steps + 1
    bench.history.undo()
    assert bench.document.prompts == {(1, 0): points((5, 5))}
    np.testing.assert_array_equal(bench.points.data, [(0, 5, 5)])


def test_a_point_dragged_out_of_the_image_stays_at_the_last_place_inside(bench):
    bench.points.add((0, 5, 5))
    bench.points.mode = "select"
    drag(bench.viewer, bench.points, [(0, 5, 5), (0, 5, 1), (0, 5, -1), (0, 5, -4)])
    assert bench.document.prompts == {(1, 0): points((5, 1))}
    np.testing.assert_array_equal(bench.points.data, [(0, 5, 1)])
    assert len(bench.refused) == 1
    assert "outside the image" in bench.refused[0]


@pytest.mark.parametrize("place", [(0, 5, -8), (0, 90, 5)])
def test_a_click_beside_the_image_is_refused_without_numbers(bench, place):
    bench.points.mode = "add"
    click(bench.viewer, bench.points, place)
    (sentence,) = bench.refused
    assert "outside the image" in sentence
    assert not any(letter.isdigit() for letter in sentence)
    assert not bench.document.prompts


def test_two_drags_are_two_steps(bench):
    bench.points.add((0, 5, 5))
    steps = len(bench.history)
    bench.points.mode = "select"
    drag(bench.viewer, bench.points, [(0, 5, 5), (0, 5, 7), (0, 5, 9)])
    drag(bench.viewer, bench.points, [(0, 5, 9), (0, 6, 9), (0, 8, 9)])
    assert len(bench.history) == steps + 2


@pytest.mark.parametrize(
    ("how", "positive"),
    [
        ({}, True),
        ({"button": 2}, False),
        ({"modifiers": ("Alt",)}, False),
    ],
)
def test_a_click_says_where_the_object_is_or_is_not(bench, how, positive):
    bench.go_to(4)
    bench.points.mode = "add"
    click(bench.viewer, bench.points, (4, 8, 9), **how)
    assert bench.document.prompts == {(1, 4): points((8, 9), positive=(positive,))}
    click(bench.viewer, bench.points, (4, 2, 2))
    assert bench.document.prompts[1, 4].positive == (positive, True)


@pytest.mark.parametrize(
    "place", [(6, 5, 5), (-1, 5, 5), (0, 30, 5), (0, 5, -0.6), (np.nan, 5, 5)]
)
def test_points_beside_the_image_are_taken_back_with_a_sentence(bench, place):
    bench.points.add((0, 5, 5))
    bench.said.clear()
    bench.points.add(place)
    assert len(bench.points.data) == 1
    assert len(bench.refused) == 1
    assert not bench.said
    assert len(bench.history) == 1


def test_a_refused_first_point_adds_no_object(bench):
    bench.points.add((99, 5, 5))
    assert bench.refused
    assert not bench.document.objects


def test_the_table_can_give_a_point_to_another_object(bench):
    bench.points.add([(0, 1, 1), (0, 2, 2)])
    bench.said.clear()
    bench.points.features = {"object": [1, 5], "polarity": ["positive", "negative"]}
    assert bench.document.prompts == {
        (1, 0): points((1, 1)),
        (5, 0): points((2, 2), positive=(False,)),
    }
    assert 5 in bench.document.objects
    assert len(bench.said) == 1


@pytest.mark.parametrize(
    "table",
    [
        {"object": [0], "polarity": ["positive"]},
        {"object": ["cell"], "polarity": ["positive"]},
        {"object": [1.5], "polarity": ["positive"]},
        {"object": [1], "polarity": ["maybe"]},
        {"other": [1]},
    ],
)
def test_a_table_that_says_nothing_sensible_is_taken_back(bench, table):
    bench.points.add((0, 1, 1))
    bench.points.features = table
    assert len(bench.refused) == 1
    assert bench.points.features["object"].tolist() == [1]
    assert bench.points.features["polarity"].tolist() == ["positive"]
    assert bench.document.prompts == {(1, 0): points((1, 1))}


def test_what_the_document_says_is_shown_without_an_echo(bench):
    bench.history.do(edits.add_object(bench.document))
    said = FramePrompts(((1.25, 2.1),), (False,), (3.3, 4.4, 9.9, 12.2))
    bench.history.do(edits.set_prompts(bench.document, 1, 4, said))
    assert len(bench.said) == 1
    np.testing.assert_array_equal(bench.points.data, [(4, 1.25, 2.1)])
    assert bench.points.features["polarity"].tolist() == ["negative"]
    assert len(bench.boxes.data) == 1
    bench.points.add((4, 5, 5))  # a box in single precision is still the same box
    assert bench.document.prompts[1, 4].box_yxyx == (3.3, 4.4, 9.9, 12.2)


def test_undo_and_redo_go_through_the_layers_and_back(bench):
    bench.points.add((0, 1, 1))
    bench.boxes.add(RECTANGLE)
    bench.points.add((2, 9, 9))
    states = [dict(bench.document.prompts)]
    while bench.history.undo():
        states.append(dict(bench.document.prompts))
        assert len(bench.points.data) == sum(
            len(one.points_yx) for one in states[-1].values()
        )
    for state in reversed(states[:-1]):
        assert bench.history.redo()
        assert bench.document.prompts == state
    assert not bench.history.redo()


def test_prompts_are_coloured_by_object_and_polarity(bench):
    bench.history.do(edits.add_object(bench.document, 4))
    bench.points.add((0, 1, 1))
    bench.prompts.is_positive = False
    bench.points.add((0, 2, 2))
    bench.boxes.add(RECTANGLE)
    np.testing.assert_allclose(bench.points.face_color, [object_rgba(4)] * 2)
    np.testing.assert_allclose(bench.boxes.edge_color, [object_rgba(4)])
    assert [str(one) for one in bench.points.symbol] == ["disc", "x"]
    colours = bench.points.border_color
    assert not np.allclose(colours[0], colours[1])


def test_points_have_no_least_size_on_the_screen(bench):
    """Else napari's point of no size is seen at the origin of frames without points."""
    assert bench.points.canvas_size_limits[0] == 0


def test_prompts_are_copied_to_another_frame_in_one_change(bench):
    bench.points.add([(0, 1, 1), (0, 2, 2)])
    bench.points.selected_data = {0, 1}
    press(bench.points, "Control-C")
    bench.go_to(3)
    bench.said.clear()
    press(bench.points, "Control-V")
    assert bench.document.prompts[1, 3] == points((1, 1), (2, 2))
    assert len(bench.points.data) == 4
    assert len(bench.said) == 1


def test_a_box_is_copied_to_another_frame(bench):
    bench.boxes.add(RECTANGLE)
    bench.boxes.selected_data = {0}
    press(bench.boxes, "Control-C")
    bench.go_to(5)
    press(bench.boxes, "Control-V")
    assert bench.document.prompts[1, 5].box_yxyx == (3, 5, 13, 15)


def test_removing_a_layer_withdraws_its_prompts_and_undo_brings_both_back(bench):
    bench.points.add((2, 8, 8))
    bench.boxes.add(RECTANGLE)
    bench.said.clear()
    bench.viewer.layers.remove(bench.points)
    assert bench.document.prompts == {(1, 2): FramePrompts(box_yxyx=(3, 5, 13, 15))}
    assert len(bench.said) == 1
    bench.history.undo()
    assert bench.points in bench.viewer.layers
    np.testing.assert_array_equal(bench.points.data, [(2, 8, 8)])


def test_a_removed_empty_layer_comes_back_when_asked_for(bench):
    bench.viewer.layers.remove(bench.points)
    assert not bench.said
    bench.prompts.show()
    assert bench.points in bench.viewer.layers


def test_all_layers_can_be_removed_at_once(bench):
    bench.points.add((2, 8, 8))
    bench.boxes.add(RECTANGLE)
    bench.viewer.layers.clear()
    assert not bench.document.prompts


def test_disconnected_layers_are_left_to_the_user(bench):
    bench.prompts.disconnect()
    bench.points.add((0, 1, 1))
    bench.history.do(edits.add_object(bench.document))
    bench.history.do(edits.set_prompts(bench.document, 1, 0, points((3, 3))))
    np.testing.assert_array_equal(bench.points.data, [(0, 1, 1)])
    assert bench.document.prompts == {(1, 0): points((3, 3))}


def test_layers_may_have_any_names(bench):
    bench.viewer.layers[0].name = bench.points.name
    bench.boxes.name = bench.points.name
    bench.points.add((0, 1, 1))
    assert bench.document.prompts == {(1, 0): points((1, 1))}


def press(layer, key):
    """Run what a key does while the layer is active."""
    from napari.utils.key_bindings import coerce_keybinding

    layer.keymap[coerce_keybinding(key)](layer)
