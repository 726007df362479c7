"""Images beside an image: which fit, and what the model sees of them."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.intensity import IntensityLimits, as_limits
from napari_sam2.layers.companions import check_companion
from napari_sam2.layers.image_axes import image_axes
from napari_sam2.layers.image_source import contrast_limits, image_source

SHAPE = 4, 6, 8


def grey(value: int, shape=SHAPE, **options) -> Image:
    data = np.full(shape, value, np.uint8)
    return Image(data, contrast_limits=(0, value + 1), **options)


def check(layer: Image, other: Image) -> None:
    check_companion(layer, image_axes(layer), other, image_axes(other))


def test_three_layers_are_red_green_and_blue() -> None:
    layer, others = grey(1), (grey(2), grey(3))
    source = image_source(layer, beside=others)
    np.testing.assert_array_equal(source.seen[3][5, 7], [1, 2, 3])
    assert source.seen.shape_hw == source.shape_hw
    assert contrast_limits(source) == IntensityLimits((0, 0, 0), (2, 3, 4))
    assert not source.looks_like(image_source(layer))
    assert image_source(layer).seen is not source.frames
    assert contrast_limits(image_source(layer)) == as_limits(0, 2)


def test_they_come_after_the_channels_of_the_layer_itself() -> None:
    data = np.stack([np.full(SHAPE, n, np.uint8) for n in (10, 20, 30)], axis=1)
    layer = Image(data, axis_labels="tcyx", contrast_limits=(0, 99))
    source = image_source(layer, channels=(2, 0), beside=[grey(5)])
    np.testing.assert_array_equal(source.seen[1][0, 0], [30, 10, 5])
    assert contrast_limits(source) == IntensityLimits((0, 0, 0), (99, 99, 6))
    with pytest.raises(StackError, match="4 channels were picked"):
        image_source(layer, beside=[grey(5)])


def test_the_third_channel_of_two_is_black() -> None:
    source = image_source(grey(1), beside=[grey(2)])
    limits = contrast_limits(source)
    np.testing.assert_allclose(limits.to_unit(source.seen[0])[0, 0], [1 / 2, 2 / 3, 0])


def test_they_are_cut_along_the_same_axis_and_held_at_the_same_place() -> None:
    data = np.arange(3 * 4 * 6 * 8).reshape(3, 4, 6, 8)
    layer, other = Image(data), Image(data + 1)
    for axis, at in ((0, {1: 3}), (1, {0: 2}), (2, {0: 1})):
        source = image_source(layer, axis=axis, at=at, beside=[other])
        seen = source.seen[2]
        np.testing.assert_array_equal(seen[..., 0], source.frames[2])
        np.testing.assert_array_equal(seen[..., 1], source.frames[2] + 1)


def test_of_pyramids_the_same_level_is_seen_or_the_coarsest_that_there_is() -> None:
    fine = np.arange(4 * 6 * 8).reshape(SHAPE)
    layer = Image([fine, fine[:, ::2, ::2] + 1], multiscale=True)
    source = image_source(layer, level=1, beside=[Image(fine), layer])
    seen = source.seen[0]
    np.testing.assert_array_equal(seen[..., 1], fine[0])
    np.testing.assert_array_equal(seen[..., 2], seen[..., 0])


PLACES = {
    "scale": (1, 2, 2),
    "translate": (0, 0, 1),
    "rotate": 20,
    "affine": [[1, 0, 0, 0], [0, 1, 0.1, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
}


@pytest.mark.parametrize("how", PLACES)
def test_layers_at_other_places_do_not_fit(how: str) -> None:
    place = {how: PLACES[how]}
    check(grey(1, **place), grey(2, **place))
    with pytest.raises(StackError, match="lies elsewhere in the viewer than cells"):
        check(grey(1, name="cells"), grey(2, **place))


def test_a_layer_with_channels_is_compared_by_its_other_axes() -> None:
    data = np.zeros((4, 2, 6, 8))
    layer = Image(data, axis_labels="tcyx", scale=(3, 1, 0.5, 0.5))
    check(layer, grey(1, scale=(3, 0.5, 0.5)))
    with pytest.raises(StackError, match="elsewhere"):
        check(layer, grey(1))


def test_other_sizes_and_layers_with_channels_do_not_fit() -> None:
    with pytest.raises(StackError, match="dye is 4 × 6 × 9, and cells is 4 × 6 × 8"):
        check(grey(1, name="cells"), grey(2, (4, 6, 9), name="dye"))
    film = Image(np.zeros((*SHAPE, 3), np.uint8), rgb=True)
    with pytest.raises(StackError, match="channels of its own"):
        check(grey(1), film)
    with pytest.raises(StackError, match="channels of its own"):
        check(grey(1), Image(np.zeros((2, *SHAPE)), axis_labels="ctyx"))
