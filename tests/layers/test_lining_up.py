"""A known object, its image anywhere in the world: clicks and masks fall on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.state import edits
from tests.layers.conftest import Bench, make_bench
from tests.layers.mouse import click

SHAPE = 4, 20, 30
FRAME = 2
PIXELS = [(FRAME, y, x) for y, x in ((6, 9), (6, 10), (6, 11), (7, 9), (12, 9))]
PLACES = {
    "as it is": {},
    "scaled and moved": {"scale": (5, 0.2, 0.7), "translate": (3, -4, 100)},
    "mirrored": {"scale": (1, -1, 2)},
    "rotated": {"rotate": 30},
    "sheared": {"affine": [[1, 0, 0, 0], [0, 1, 0.4, 0], [0, 0, 1, 0], [0, 0, 0, 1]]},
    "transposed": {"affine": [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]},
    "all at once": {
        "scale": (2, 0.5, 0.7),
        "translate": (1, 2, 3),
        "rotate": 75,
        "affine": [[1, 0, 0, 7], [0, 0.2, 1, 0], [0, -1, 0.1, 4], [0, 0, 0, 1]],
    },
}


def bench_with_object(**options) -> Bench:
    """Show an image with a few bright pixels on one frame, as an L."""
    bench = make_bench(SHAPE, **options)
    for pixel in PIXELS:
        bench.image.layer.data[pixel] = 200
    show(bench, bench.image.layer.data_to_world(PIXELS[0]))
    bench.image.layer.refresh()
    return bench


def show(bench: Bench, world) -> None:
    bench.viewer.dims.set_point(range(3), world)


def find_object(bench: Bench) -> None:
    mask = np.zeros(SHAPE[1:], bool)
    mask[tuple(zip(*(yx for _, *yx in PIXELS), strict=True))] = True
    edit = edits.paint_masks(
        bench.document, {(1, FRAME): pack_mask(mask)}, names={1: ""}
    )
    bench.history.do(edit)
    bench.masks.apply()


def check_clicks(bench: Bench) -> None:
    bench.points.mode = "add"
    for pixel in PIXELS:
        click(bench.viewer, bench.points, bench.image.layer.data_to_world(pixel))
        said = bench.document.prompts[1, FRAME]
        np.testing.assert_allclose(said.points_yx[-1], pixel[1:], atol=1e-6)
    assert not bench.refused


def check_masks(bench: Bench) -> None:
    find_object(bench)
    layer, masks = bench.image.layer, bench.masks.layer
    places = np.random.default_rng(0).uniform((4, 6), (15, 15), (60, 2))
    seen = 0
    for y, x in [yx for _, *yx in PIXELS] + places.tolist():
        world = layer.data_to_world((FRAME, y, x))
        is_bright = layer.get_value(world, world=True) == 200
        assert (masks.get_value(world, world=True) == 1) == is_bright
        assert (bench.masks.object_at(world) == 1) == is_bright
        seen += is_bright
    assert len(PIXELS) <= seen < len(places)


@pytest.mark.parametrize("place", PLACES)
def test_a_click_on_a_pixel_of_the_object_is_a_prompt_there(place: str) -> None:
    check_clicks(bench_with_object(**PLACES[place]))


@pytest.mark.parametrize("place", PLACES)
def test_masks_cover_the_object_to_the_pixel(place: str) -> None:
    check_masks(bench_with_object(**PLACES[place]))


angles = st.floats(-180, 180)
factors = st.floats(0.1, 10) | st.floats(-10, -0.1)


@examples(max_examples=6)
@given(angles, factors, factors, st.floats(-0.9, 0.9), st.floats(-1e3, 1e3))
def test_so_they_do_wherever_it_lies(angle, high, wide, shear, away) -> None:
    bench = bench_with_object(
        rotate=angle,
        scale=(3, high, wide),
        shear=(0, 0, shear),
        translate=(away, -away, away),
    )
    check_clicks(bench)
    check_masks(bench)


@pytest.mark.parametrize("place", PLACES)
def test_layers_follow_an_image_that_is_moved_later(place: str) -> None:
    bench = bench_with_object()
    for name, value in PLACES[place].items():
        setattr(bench.image.layer, name, value)
    show(bench, bench.image.layer.data_to_world(PIXELS[0]))
    check_clicks(bench)
    check_masks(bench)


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 0, 2), (2, 0, 1), (1, 2, 0)])
def test_clicks_are_right_however_the_axes_are_turned(order) -> None:
    bench = bench_with_object(scale=(5, 0.2, 0.7))
    bench.viewer.dims.order = order
    for pixel in PIXELS[:1]:
        show(bench, bench.image.layer.data_to_world(pixel))
        bench.points.mode = "add"
        click(bench.viewer, bench.points, bench.image.layer.data_to_world(pixel))
        said = bench.document.prompts[1, FRAME]
        np.testing.assert_allclose(said.points_yx[-1], pixel[1:], atol=1e-6)


def test_rolled_axes_come_back_to_the_same_view() -> None:
    bench = bench_with_object()
    for _ in range(3):
        bench.viewer.dims.roll()
        bench.masks.apply()
    bench.viewer.dims.transpose()
    check_masks(bench)


def test_an_image_whose_axes_are_stored_in_another_order() -> None:
    bench = make_bench((20, 30, 4), axis=2)
    bench.viewer.dims.order = (2, 0, 1)
    bench.viewer.dims.set_point(2, FRAME)
    bench.points.mode = "add"
    click(bench.viewer, bench.points, (6, 9, FRAME))
    assert bench.document.prompts[1, FRAME].points_yx == ((6, 9),)
    find_object(bench)
    for _, y, x in PIXELS:
        assert bench.masks.layer.get_value((y, x, FRAME), world=True) == 1


def test_layers_side_by_side_in_a_grid_are_clicked_where_they_are() -> None:
    bench = bench_with_object(translate=(0, 5, 5))
    getattr(bench.viewer, "canvas", bench.viewer).grid.enabled = True  # napari 0.9
    check_clicks(bench)
    check_masks(bench)


def test_a_click_in_3d_has_no_depth_and_is_refused_with_a_sentence() -> None:
    bench = bench_with_object()
    bench.viewer.dims.ndisplay = 3
    bench.points.mode = "add"
    click(bench.viewer, bench.points, (FRAME, 6, 9))
    assert not bench.document.prompts
    assert len(bench.points.data) == 0
    assert "2-D" in bench.refused[0]
    bench.points.add((FRAME, 6, 9))  # by a script, which knows the depth
    assert bench.document.prompts[1, FRAME].points_yx == ((6, 9),)
    bench.viewer.dims.ndisplay = 2
    show(bench, PIXELS[0])
    click(bench.viewer, bench.points, PIXELS[1])
    assert len(bench.document.prompts[1, FRAME].points_yx) == 2
