import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.results import mask_result
from napari_sam2.io.pictures.drawing import (
    draw_overlay,
    outline,
    shown_size,
    to_rgb,
    write_caption,
)
from napari_sam2.io.pictures.palette import object_colour


def result(mask, object_id=1):
    return mask_result(
        mask, object_id=object_id, frame=0, predicted_iou=1.0, object_logit=1.0
    )


def test_grey_is_shown_within_its_limits():
    pixels = np.array([[0, 100, 150, 200, 900]], np.uint16)
    shown = to_rgb(pixels, as_limits(100, 200))
    assert shown.dtype == np.uint8
    assert shown[0, :, 0].tolist() == [0, 0, 128, 255, 255]
    assert (shown[..., 0] == shown[..., 2]).all()


def test_only_the_mask_is_painted_and_the_picture_is_kept():
    rgb = np.full((40, 50, 3), 100, np.uint8)
    mask = np.zeros((40, 50), bool)
    mask[10:20, 5:30] = True
    drawn = draw_overlay(rgb, [result(mask)])
    assert (rgb == 100).all()
    assert (drawn[~mask] == 100).all()
    assert (drawn[mask] != 100).any(axis=1).all()
    assert tuple(drawn[10, 5]) == object_colour(1)
    assert tuple(drawn[15, 15]) != object_colour(1)


@pytest.mark.parametrize(("height", "least"), [(200, 7), (720, 16), (1080, 24)])
def test_a_caption_can_be_read_in_a_picture_of_any_size(height, least):
    empty = np.zeros((height, 2 * height, 3), np.uint8)
    rows = (write_caption(empty, "frame 65") > 200).any(axis=(1, 2))
    assert rows.sum() >= least
    assert not rows[height // 5 :].any()


def test_absent_objects_leave_no_trace():
    rgb = np.full((40, 50, 3), 100, np.uint8)
    assert (draw_overlay(rgb, [result(np.zeros((40, 50), bool))]) == 100).all()


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_the_outline_is_what_erosion_takes_away(mask):
    thin, thick = outline(mask, 1), outline(mask, 2)
    assert not (thin & ~thick).any()
    assert not (thick & ~mask).any()
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    np.testing.assert_array_equal(thin, mask & ~inner)


@pytest.mark.parametrize("size", [(80, 100), (20, 25), (41, 52), (7, 9)])
def test_masks_stay_in_place_at_any_size(size):
    rgb = np.zeros((40, 50, 3), np.uint8)
    mask = np.zeros((40, 50), bool)
    mask[20:, 25:] = True
    drawn = draw_overlay(rgb, [result(mask)], size)
    assert drawn.shape == (*size, 3)
    painted = drawn.any(axis=2)
    rows, columns = np.nonzero(painted)
    assert rows.min() == pytest.approx(size[0] / 2, abs=1)
    assert columns.min() == pytest.approx(size[1] / 2, abs=1)
    assert painted[-1, -1]


@given(st.integers(1, 30_000), st.integers(1, 30_000), st.sampled_from([480, 1920]))
def test_pictures_are_shown_at_a_pleasant_size(height, width, largest):
    shown = shown_size((height, width), largest)
    assert min(shown) >= 1
    assert max(shown) <= largest
    if max(height, width) <= largest:
        assert shown[0] % height == 0
        assert shown[0] // height == shown[1] // width


@given(st.integers(1, 10_000))
def test_neighbouring_objects_have_bright_and_different_colours(object_id):
    colour = np.array(object_colour(object_id), float)
    following = np.array(object_colour(object_id + 1), float)
    assert colour.min() >= 0
    assert 150 <= colour.max() <= 255
    assert np.abs(colour - following).max() > 40
