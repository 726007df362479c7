from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_sam2.core.errors import StackError
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.layers.image_source import image_source
from napari_sam2.state import edits

PLACES = [
    {"scale": (3, 0.5, 0.25), "translate": (1, -20, 7)},
    {"rotate": 30},
    {"scale": (1, 2, 2), "rotate": 90, "translate": (0, 5, 5)},
    {"shear": (0, 0, 0.2), "scale": (2, 1, 3)},
    {"affine": np.array([[1, 0, 0, 4], [0, 0, -2, 5], [0, 2, 0, 6], [0, 0, 0, 1]])},
    {"units": ("s", "um", "um"), "axis_labels": ("t", "y", "x"), "scale": (5, 1, 1)},
]


@pytest.mark.parametrize("place", PLACES)
def test_our_layers_lie_on_the_image_to_the_pixel(new_bench, place):
    bench = new_bench((4, 12, 15), **place)
    image = bench.image.layer
    for layer in (bench.masks.layer, bench.points, bench.boxes):
        for point in ((0, 0, 0), (3, 2, 14), (1.5, 11, 7.25)):
            np.testing.assert_allclose(
                layer.data_to_world(point), image.data_to_world(point), atol=1e-9
            )
        assert layer.units == image.units
        assert layer.axis_labels == image.axis_labels


@pytest.mark.parametrize("place", PLACES)
def test_a_known_object_lies_where_its_pixels_are(new_bench, place):
    bench = new_bench((4, 12, 15), **place)
    pixel = (2, 7, 11)
    mask = np.zeros((12, 15), bool)
    mask[pixel[1:]] = True
    bench.history.do(edits.add_object(bench.document))
    bench.history.do(edits.paint_mask(bench.document, 1, 2, pack_mask(mask)))
    bench.masks.apply()
    world = bench.image.layer.data_to_world(pixel)
    assert bench.masks.object_at(world) == 1
    bench.viewer.dims.point = world
    bench.points.add(bench.points.world_to_data(world))
    (prompts,) = bench.document.prompts.values()
    assert prompts.points_yx[0] == pytest.approx(pixel[1:])
    assert list(bench.document.prompts) == [(1, 2)]


@pytest.mark.parametrize("place", [{}, {"scale": (2, 3, 0.5, 0.5), "rotate": 20}])
def test_a_plane_of_a_hyperstack_has_its_masks_on_that_plane_only(new_bench, place):
    bench = new_bench((4, 5, 12, 15), axis=0, at={1: 3}, **place)
    assert bench.masks.layer.data.shape == (4, 1, 12, 15)
    np.testing.assert_allclose(
        bench.masks.layer.data_to_world((1, 0, 2, 2)),
        bench.image.layer.data_to_world((1, 3, 2, 2)),
    )
    bench.history.do(edits.add_object(bench.document))
    bench.history.do(edits.mark_absent(bench.document, 1, [0]))
    bench.points.add((1, 3, 4, 5))
    bench.points.add((1, 2, 4, 5))
    assert list(bench.document.prompts) == [(1, 1)]
    assert "followed at" in bench.refused[0]


def test_masks_are_seen_and_painted_in_all_channels(new_bench):
    bench = new_bench((4, 2, 12, 15), axis_labels=("t", "c", "y", "x"))
    bench.history.do(edits.add_object(bench.document))
    layer = bench.masks.layer
    assert layer.data.shape == (4, 2, 12, 15)
    bench.viewer.dims.set_current_step(1, 1)
    layer.brush_size = 1
    layer.paint((0, 1, 5, 6), 1)
    assert bench.document.masks.get((1, 0)).mask.area == 1
    assert (layer.data[0, :, 5, 6] == 1).all()
    bench.points.add((2, 1, 4, 4))
    bench.points.add((2, 0, 5, 5))
    assert bench.document.prompts[1, 2].points_yx == ((4, 4), (5, 5))


def test_rgb_images_have_flat_masks(new_bench):
    bench = new_bench((4, 12, 15, 3), rgb=True)
    assert bench.masks.layer.data.shape == (4, 12, 15)
    bench.points.add((1, 5, 6))
    assert list(bench.document.prompts) == [(1, 1)]


def test_layers_follow_when_the_image_is_moved_or_scaled_later(new_bench):
    bench = new_bench((4, 5, 12, 15), axis=0, at={1: 3})
    image = bench.image.layer
    image.scale = (1, 4, 0.5, 0.5)
    image.rotate = 15
    image.translate = (0, 1, 2, 3)
    inside = bench.masks.layer.data_to_world((1, 0, 2, 2))
    np.testing.assert_allclose(inside, image.data_to_world((1, 3, 2, 2)))
    for layer in (bench.points, bench.boxes):
        np.testing.assert_allclose(
            layer.data_to_world((1, 3, 2, 2)), image.data_to_world((1, 3, 2, 2))
        )
    bench.prompts.disconnect()
    bench.masks.disconnect()
    image.translate = (9, 9, 9, 9)
    np.testing.assert_array_equal(bench.points.translate, (0, 1, 2, 3))


def turned(axes):
    """Return an affine that turns by 30° in the plane of two axes."""
    affine = np.eye(4)
    sine, cosine = 0.5, 0.75**0.5
    affine[np.ix_(axes, axes)] = [[cosine, -sine], [sine, cosine]]
    return affine


def test_a_layer_that_is_turned_out_of_its_frames_is_refused():
    image = Image(np.zeros((4, 5, 6)), affine=turned((0, 1)))
    with pytest.raises(StackError, match="turned out of its frames"):
        image_source(image)
    image.affine = None
    assert image_source(image).frame_count == 4


def test_frames_that_are_turned_in_themselves_or_lie_askew_are_frames():
    askew = np.eye(4)
    askew[1, 0] = 0.7  # rows of deskewed stacks hang on the frame
    for affine in (turned((1, 2)), askew):
        assert image_source(Image(np.zeros((4, 5, 6)), affine=affine)).frame_count == 4
    swapped = np.eye(4)[[1, 0, 2, 3]]
    assert image_source(Image(np.zeros((4, 5, 6)), affine=swapped)).frame_count == 4
    upright = Image(np.zeros((4, 5, 6)), affine=turned((0, 1)))
    assert image_source(upright, axis=2).frame_count == 6


def test_prompts_are_seen_in_the_channel_that_is_looked_at(new_bench):
    bench = new_bench((4, 3, 12, 15), axis_labels=("t", "c", "y", "x"))
    bench.viewer.dims.set_current_step(1, 2)
    bench.points.add((1, 2, 4, 4))
    bench.boxes.add_rectangles(
        np.array([[1, 2, 2, 2], [1, 2, 2, 9], [1, 2, 8, 9], [1, 2, 8, 2]], float)
    )
    bench.points.add((1, 2, 5, 5))
    bench.history.undo()
    assert bench.points.data.tolist() == [[1, 2, 4, 4]]
    said, steps = dict(bench.document.prompts), len(bench.history)
    bench.viewer.dims.set_current_step(1, 0)
    assert bench.points.data.tolist() == [[1, 0, 4, 4]]
    assert {corner[1] for corner in bench.boxes.data[0].tolist()} == {0}
    assert (bench.document.prompts, len(bench.history)) == (said, steps)
