"""Masks of the document are drawn where they belong, and objects are found in them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.layers.palette import object_rgba
from napari_sam2.state import Document, History, edits
from tests.layers.blocks import BLOCK, area, found
from tests.layers.mouse import drag


def refreshes(bench):
    told = []
    bench.masks.layer.events.set_data.connect(lambda event: told.append(event))
    return told


def test_masks_are_drawn_in_place_where_they_belong(bench):
    array = bench.masks.layer.data
    found(bench, 3, 2, *BLOCK)
    assert not array.any()
    bench.masks.apply()
    assert bench.masks.layer.data is array
    assert (array[2, 5:15, 5:15] == 3).all()
    assert np.count_nonzero(array) == 100


def test_only_a_displayed_frame_is_refreshed(bench):
    found(bench, 1, 2, *BLOCK)
    told = refreshes(bench)
    bench.masks.apply({2})
    assert not told
    found(bench, 1, 0, *BLOCK)
    bench.masks.apply({0})
    assert len(told) == 1
    bench.masks.apply({0, 1, 2})
    assert len(told) == 1


def test_frames_that_were_not_asked_for_wait(bench):
    found(bench, 1, 0, *BLOCK)
    found(bench, 1, 1, *BLOCK)
    bench.masks.apply({1})
    assert not bench.masks.layer.data[0].any()
    bench.masks.apply()
    assert bench.masks.layer.data[0].any()


def test_masks_that_were_there_before_the_layer_are_drawn(with_block):
    again = type(with_block)(
        with_block.viewer, with_block.image, with_block.document, with_block.history
    )
    assert np.count_nonzero(again.masks.layer.data[2]) == 100


def test_picking_a_mask_selects_its_object_and_the_other_way_round(with_block):
    with_block.history.do(edits.add_object(with_block.document, 4))
    layer = with_block.masks.layer
    assert layer.selected_label == 4
    layer.mode = "pick"
    drag(with_block.viewer, layer, [(2, 7, 7)])
    assert with_block.document.selected == 1
    with_block.document.select(4)
    assert layer.selected_label == 4


def test_the_object_at_a_position_in_the_world(new_bench):
    bench = new_bench(scale=(2, 0.5, 0.5), translate=(1, 10, 10))
    found(bench, 3, 2, *BLOCK)
    layer = bench.masks.layer
    assert bench.masks.object_at(layer.data_to_world((2, 5, 14))) == 3
    assert bench.masks.object_at(layer.data_to_world((2, 4, 14))) is None
    assert bench.masks.object_at(layer.data_to_world((1, 5, 14))) is None


def test_a_hidden_object_is_not_seen(with_block):
    found(with_block, 2, 2, slice(8, 20), slice(8, 20), iou=0.95)
    assert with_block.masks.object_at((2, 10, 10)) == 2
    with_block.masks.hidden = {2}
    assert with_block.masks.object_at((2, 10, 10)) == 1
    assert with_block.masks.object_at((2, 18, 18)) is None


def test_in_3d_the_first_object_on_the_line_of_sight_is_seen(with_block):
    with_block.viewer.dims.ndisplay = 3
    masks = with_block.masks
    assert masks.object_at((0, 10, 10), view_direction=(-1, 0, 0)) == 1
    assert masks.object_at((0, 20, 20), view_direction=(-1, 0, 0)) is None


def test_masks_have_the_colours_of_their_objects(bench):
    for object_id in (1, 2, 40):
        bench.history.do(edits.add_object(bench.document, object_id))
    for object_id in (1, 2, 40, 41):
        np.testing.assert_allclose(
            bench.masks.layer.get_color(object_id), object_rgba(object_id), atol=0.01
        )


def test_napari_computes_colours_only_when_an_object_has_none(bench):
    before = bench.masks.layer.colormap
    bench.document.apply(edits.add_object(bench.document))
    bench.document.apply(edits.rename_object(bench.document, 1, "mother"))
    assert bench.masks.layer.colormap is before
    bench.document.apply(edits.add_object(bench.document, 300))
    shown = bench.masks.layer.colormap
    np.testing.assert_allclose(shown.map(300), object_rgba(300), atol=0.01)


def test_hidden_objects_are_not_drawn_and_hide_nothing(with_block):
    found(with_block, 2, 2, slice(8, 20), slice(8, 20), iou=0.95)
    with_block.masks.apply()
    labels = with_block.masks.layer.data
    assert np.count_nonzero(np.asarray(labels[2]) == 1) < 100
    with_block.masks.hidden = {2}
    assert np.count_nonzero(np.asarray(labels[2]) == 1) == 100
    assert 2 not in np.asarray(labels[2])
    with_block.masks.hidden = ()
    assert 2 in np.asarray(labels[2])


def test_large_object_numbers_get_a_wider_array(with_block):
    found(with_block, 70_000, 1, *BLOCK)
    with_block.masks.apply()
    assert with_block.masks.layer.data.dtype == np.uint32
    assert set(np.unique(with_block.masks.layer.data)) == {0, 1, 70_000}


def test_removing_the_layer_loses_no_mask(with_block):
    with_block.viewer.layers.remove(with_block.masks.layer)
    found(with_block, 1, 4, *BLOCK)
    with_block.masks.apply()
    assert len(with_block.document.masks) == 2
    with_block.masks.show()
    assert with_block.masks.layer in with_block.viewer.layers
    assert np.count_nonzero(with_block.masks.layer.data) == 200


def test_a_disconnected_layer_is_left_to_the_user(with_block):
    with_block.masks.disconnect()
    with_block.masks.layer.fill((2, 7, 7), 0)
    with_block.document.select(1)
    assert area(with_block, 1, 2) == 100


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_volume_is_followed_along_any_axis(new_bench, axis):
    bench = new_bench((6, 30, 40), axis=axis)
    found(bench, 1, 3, slice(1, 3), slice(2, 7))
    bench.masks.apply()
    plane = np.take(bench.masks.layer.data, 3, axis=axis)
    assert (plane[1:3, 2:7] == 1).all()
    assert np.count_nonzero(bench.masks.layer.data) == 10


@pytest.mark.parametrize("shape", [(6, 30, 40), (2, 5, 5)])
def test_another_array_is_not_taken_in_place_of_the_masks(with_block, shape):
    with_block.masks.layer.data = np.ones(shape, np.uint8)
    assert "cannot be exchanged" in with_block.refused[0]
    assert np.count_nonzero(with_block.masks.layer.data) == 100
    with_block.masks.layer.fill((2, 0, 0), 1)
    assert area(with_block, 1, 2) == 30 * 40


def test_a_single_picture_has_one_frame_of_masks(new_bench):
    bench = new_bench((30, 40))
    found(bench, 1, 0, *BLOCK)
    bench.masks.apply()
    assert np.count_nonzero(bench.masks.layer.data) == 100
    bench.masks.layer.fill((0, 0), 1)
    assert area(bench, 1, 0) == 30 * 40


def test_two_sessions_in_one_viewer_keep_apart(bench):
    document = Document(frame_count=6, shape_hw=(30, 40))
    other = type(bench)(bench.viewer, bench.image, document, History(document))
    found(bench, 1, 0, *BLOCK)
    bench.masks.apply()
    bench.viewer.layers.remove(bench.masks.layer)
    other.masks.apply()
    assert not other.masks.layer.data.any()
    assert other.masks.layer in bench.viewer.layers
