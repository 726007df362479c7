"""What is painted on the layer of masks is the user's word about an object."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.state import Origin, edits
from tests.layers.blocks import area, found
from tests.layers.mouse import drag


def test_a_stroke_of_the_mouse_is_one_mask_prompt(with_block):
    layer = with_block.masks.layer
    layer.brush_size = 3
    layer.mode = "paint"
    steps = len(with_block.history)
    path = [(2, 20, column) for column in range(10, 30)]
    drag(with_block.viewer, layer, path)
    assert len(with_block.history) == steps + 1
    assert with_block.masked == [frozenset({2})]
    mask = with_block.document.masks.get((1, 2))
    assert mask.origin is Origin.PAINTED
    np.testing.assert_array_equal(mask.mask.mask, layer.data[2] == 1)
    assert mask.mask.area > 100


def test_a_stroke_is_undone_and_done_again(with_block):
    layer = with_block.masks.layer
    layer.fill((2, 0, 0), 1)
    assert area(with_block, 1, 2) == 30 * 40
    with_block.history.undo()
    with_block.masks.apply()
    assert area(with_block, 1, 2) == 100
    assert np.count_nonzero(layer.data) == 100
    with_block.history.redo()
    with_block.masks.apply()
    assert (layer.data[2] == 1).all()


def test_erasing_everything_says_that_the_object_is_absent(with_block):
    with_block.masks.layer.fill((2, 7, 7), 0)
    mask = with_block.document.masks.get((1, 2))
    assert mask.mask.is_absent
    assert mask.origin is Origin.PAINTED


@pytest.mark.parametrize("mode", ["erase", "paint"])
def test_one_dab_changes_what_it_covers_only(with_block, mode):
    layer = with_block.masks.layer
    layer.brush_size = 1
    layer.selected_label = 1
    layer.mode = mode
    drag(with_block.viewer, layer, [(2, 5, 5), (2, 5, 4)])
    assert area(with_block, 1, 2) == {"erase": 99, "paint": 101}[mode]


def test_painting_over_another_object_takes_its_pixels(with_block):
    found(with_block, 2, 2, slice(20, 25), slice(20, 25))
    with_block.masks.apply()
    steps = len(with_block.history)
    with_block.masks.layer.fill((2, 7, 7), 2)
    assert area(with_block, 1, 2) == 0
    assert area(with_block, 2, 2) == 125
    assert len(with_block.history) == steps + 1


def test_what_lies_hidden_beneath_does_not_come_to_light_by_erasing(with_block):
    found(with_block, 2, 2, slice(5, 15), slice(5, 10), iou=0.95)
    with_block.masks.apply()
    with_block.masks.layer.fill((2, 7, 7), 0)
    with_block.masks.apply()
    assert not with_block.masks.layer.data[2, 5:15, 5:10].any()
    assert area(with_block, 1, 2) == 50


def test_painting_a_number_that_is_no_object_adds_one(with_block):
    with_block.masks.layer.paint((2, 25, 25), 7)
    assert 7 in with_block.document.objects
    with_block.history.undo()
    with_block.masks.apply()
    assert 7 not in with_block.document.objects
    assert np.count_nonzero(with_block.masks.layer.data) == 100


def lock(bench, object_id):
    edit = edits.set_flags(bench.document, [(object_id, 2)], is_locked=True)
    bench.history.do(edit)


def test_a_locked_mask_is_given_back_with_a_sentence(with_block):
    lock(with_block, 1)
    steps = len(with_block.history)
    with_block.masks.layer.fill((2, 7, 7), 0)
    assert "locked" in with_block.refused[0]
    assert np.count_nonzero(with_block.masks.layer.data[2]) == 100
    assert area(with_block, 1, 2) == 100
    assert len(with_block.history) == steps


def test_a_stroke_beside_a_locked_mask_keeps_that_and_paints_the_rest(with_block):
    found(with_block, 2, 2, slice(20, 22), slice(20, 22))
    lock(with_block, 1)
    with_block.masks.apply()
    layer = with_block.masks.layer
    layer.brush_size = 1
    layer.selected_label = 2
    layer.mode = "paint"
    drag(with_block.viewer, layer, [(2, 7, column) for column in range(10, 20)])
    assert area(with_block, 1, 2) == 100
    assert area(with_block, 2, 2) == 4 + 5  # 15 to 19, beside the locked block
    assert (layer.data[2, 7, 10:15] == 1).all()
    assert (layer.data[2, 7, 15:20] == 2).all()
    assert not with_block.refused
    (remark,) = with_block.remarked
    assert "Object 1 is locked on frame 2" in remark


def test_erasing_beside_a_locked_mask_erases_the_others_alone(with_block):
    found(with_block, 2, 2, slice(5, 15), slice(15, 20))
    lock(with_block, 1)
    with_block.masks.apply()
    layer = with_block.masks.layer
    layer.brush_size = 1
    layer.mode = "erase"
    drag(with_block.viewer, layer, [(2, 7, column) for column in range(10, 20)])
    assert area(with_block, 1, 2) == 100
    assert area(with_block, 2, 2) == 45
    with_block.history.undo()
    with_block.masks.apply()
    assert area(with_block, 2, 2) == 50


def test_a_locked_mask_takes_no_pixel_more(with_block):
    found(with_block, 2, 2, slice(20, 22), slice(20, 22))
    lock(with_block, 1)
    with_block.masks.layer.paint((2, 25, 25), 1)
    assert "locked" in with_block.refused[0]
    assert area(with_block, 1, 2) == 100
    assert not with_block.masks.layer.data[2, 25, 25]


def test_napari_undo_called_by_a_script_counts_as_painting(with_block):
    layer = with_block.masks.layer
    layer.fill((2, 0, 0), 1)
    layer.undo()
    assert area(with_block, 1, 2) == 100
    np.testing.assert_array_equal(
        with_block.document.masks.get((1, 2)).mask.mask, layer.data[2] == 1
    )


def test_pixels_changed_by_a_script_are_taken_over_at_the_next_refresh(with_block):
    with_block.masks.layer.data[2, 0, :] = 1
    with_block.masks.layer.refresh()
    assert area(with_block, 1, 2) == 140


def test_results_that_are_not_drawn_yet_are_not_taken_for_painting(with_block):
    found(with_block, 2, 2, slice(20, 25), slice(20, 25))
    with_block.masks.layer.paint((2, 0, 0), 1)
    assert area(with_block, 2, 2) == 25
    assert with_block.document.masks.get((2, 2)).origin is Origin.TRACKED


def test_going_through_frames_makes_no_edits(with_block):
    for frame in (0, 3, 2, 1, 2):
        with_block.go_to(frame)
    with_block.viewer.dims.ndisplay = 3
    with_block.viewer.dims.ndisplay = 2
    with_block.viewer.dims.order = (1, 0, 2)
    with_block.viewer.dims.set_current_step(1, 7)
    assert not with_block.masked


def test_a_run_does_not_draw_over_a_stroke(with_block):
    layer = with_block.masks.layer
    layer.brush_size = 1
    with layer.block_history():
        layer.paint((2, 20, 20), 1)
        found(with_block, 1, 2, slice(0, 2), slice(0, 2))
        with_block.masks.apply()
        assert layer.data[2, 20, 20] == 1
        layer.paint((2, 20, 21), 1)
    assert with_block.document.masks.get((1, 2)).mask.mask[20, 20:22].all()


def test_painting_in_another_view_reaches_all_frames(bench):
    bench.history.do(edits.add_object(bench.document))
    bench.viewer.dims.order = (1, 0, 2)
    bench.viewer.dims.set_current_step(1, 12)
    layer = bench.masks.layer
    layer.brush_size = 3
    layer.paint((3, 12, 20), 1)
    frames = {frame for (_, frame), _ in bench.document.masks.items()}
    assert frames == {2, 3, 4}
    assert len(bench.history) == 2
    assert all(
        mask.mask.mask[12].sum() == mask.mask.area
        for _, mask in bench.document.masks.items()
    )


def test_painting_with_three_edit_dimensions_reaches_neighbouring_frames(bench):
    bench.history.do(edits.add_object(bench.document))
    layer = bench.masks.layer
    layer.n_edit_dimensions = 3
    layer.brush_size = 3
    bench.go_to(3)
    layer.paint((3, 12, 20), 1)
    assert {f for (_, f), _ in bench.document.masks.items()} == {2, 3, 4}


def test_painting_leaves_hidden_objects_alone(with_block):
    found(with_block, 2, 2, slice(8, 20), slice(8, 20), iou=0.95)
    with_block.masks.apply()
    with_block.masks.hidden = {2}
    before = area(with_block, 2, 2)
    layer = with_block.masks.layer
    layer.fill((2, 0, 0), 1)
    assert (np.asarray(layer.data[2]) == 1).all()
    assert area(with_block, 1, 2) == 30 * 40
    assert area(with_block, 2, 2) == before
    assert with_block.document.masks.get((2, 2)).origin is not Origin.PAINTED


def test_a_hidden_object_that_is_painted_keeps_what_it_had(with_block):
    with_block.masks.hidden = {1}
    layer = with_block.masks.layer
    layer.selected_label = 1
    layer.data_setitem((np.array([2]), np.array([0]), np.array([0])), 1)
    assert area(with_block, 1, 2) == 101


def test_a_mother_is_not_painted_where_she_has_divided(with_block):
    two = np.zeros(with_block.image.shape_hw, bool)
    two[5:15, 5:9] = two[5:15, 11:15] = True
    with_block.history.do(edits.paint_mask(with_block.document, 1, 2, two))
    with_block.history.do(edits.divide_object(with_block.document, 1, 2))
    with_block.masks.apply()
    steps = len(with_block.history)
    with_block.masks.layer.fill((3, 0, 0), 1)
    with_block.masks.apply()
    assert len(with_block.history) == steps
    assert not (np.asarray(with_block.masks.layer.data[3]) == 1).any()
    assert "has divided on frame 2: from there on" in with_block.refused[0]


def test_who_is_not_born_yet_takes_no_pixel_and_others_do(with_block):
    two = np.zeros(with_block.image.shape_hw, bool)
    two[5:15, 5:9] = two[5:15, 11:15] = True
    with_block.history.do(edits.add_object(with_block.document, 2))
    with_block.history.do(edits.paint_mask(with_block.document, 1, 2, two))
    with_block.history.do(edits.divide_object(with_block.document, 1, 2))
    with_block.masks.apply()
    layer = with_block.masks.layer
    layer.data[1, 20, 20:23] = 3
    layer.data[1, 22, 20:23] = 2
    layer.refresh()
    with_block.masks.apply()
    assert area(with_block, 2, 1) == 3
    assert (3, 1) not in with_block.document.masks
    assert not (np.asarray(layer.data[1]) == 3).any()
    (remark,) = with_block.remarked
    assert "Object 3 begins on frame 2" in remark
