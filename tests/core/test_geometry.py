"""Data pixels and the model's square describe the same places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.geometry import box_corners_yx, mask_box_yxyx, model_xy

SIDES = st.integers(1, 5000)
SIZES = st.sampled_from([256, 512, 1024])


@given(SIDES, SIDES, SIZES, st.data())
def test_pixel_centres_come_back(height, width, size, data) -> None:
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    [there] = model_xy([(y, x)], (height, width), size)
    assert there.dtype == np.float32
    assert (there > 0).all()
    assert (there < size).all()
    back = there[::-1] * (np.array([height, width]) / size) - 0.5
    np.testing.assert_allclose(back, [y, x], atol=1e-3 * max(height, width) / 256)


@given(SIDES, SIDES, SIZES)
def test_the_edges_of_the_frame_are_the_edges_of_the_square(h, w, size) -> None:
    corners = model_xy([(-0.5, -0.5), (h - 0.5, w - 0.5)], (h, w), size)
    np.testing.assert_allclose(corners, [[0, 0], [size, size]], rtol=1e-6)


def test_sizes_that_agree_only_swap_the_axes() -> None:
    np.testing.assert_array_equal(
        model_xy([(0, 0), (3, 7)], (256, 256), 256), [[0.5, 0.5], [7.5, 3.5]]
    )


def test_no_points_are_no_points() -> None:
    assert model_xy([], (5, 5), 256).shape == (0, 2)


def test_boxes_split_into_corners() -> None:
    assert box_corners_yx((1, 2, 3, 4)) == ((1, 2), (3, 4))


@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=5),
)
def test_the_box_of_a_mask_holds_it_tightly(height, width, pixels) -> None:
    mask = np.zeros((height, width), bool)
    for y, x in pixels:
        mask[y % height, x % width] = True
    box = mask_box_yxyx(mask)
    if not mask.any():
        assert box is None
        return
    y, x = np.nonzero(mask)
    assert box == (y.min(), x.min(), y.max(), x.max())


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (4, 0)])
def test_an_empty_mask_has_no_box(shape) -> None:
    assert mask_box_yxyx(np.zeros(shape, bool)) is None
