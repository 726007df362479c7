from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel

from napari_sam2.core.errors import PromptError
from napari_sam2.core.frames.layout import FrameLayout
from napari_sam2.layers.coordinates import FrameSpace, nearest

VOLUME = FrameSpace(FrameLayout(1, (0, 2), None), (5, 7, 9), ("z", "y", "x"))
HYPERSTACK = FrameSpace(
    FrameLayout(0, (3, 4), 2, ((1, 4),)), (6, 8, 3, 20, 30), ("t", "z", "c", "y", "x")
)
PICTURE = FrameSpace(FrameLayout(None, (0, 1), None), (20, 30), ("y", "x"))
SPACES = [VOLUME, HYPERSTACK, PICTURE]

coordinates = st.floats(-0.5, 40, allow_nan=False)


@given(st.sampled_from(SPACES), st.data(), coordinates, coordinates)
def test_frames_and_positions_survive_the_way_to_data_and_back(space, data, y, x):
    frame = data.draw(st.integers(0, space.frame_count - 1))
    point = space.to_data(frame, (y, x))
    assert len(point) == space.ndim
    assert space.to_frame(point) == (frame, (y, x))


@given(
    st.sampled_from(SPACES),
    st.tuples(coordinates, coordinates),
    st.tuples(st.floats(1, 9), st.floats(1, 9)),
)
def test_boxes_survive_the_way_to_a_rectangle_and_back(space, corner, size):
    box = (*corner, corner[0] + size[0], corner[1] + size[1])
    assert space.box_of(space.rectangle(0, box)) == (0, box)


@pytest.mark.parametrize(
    ("coordinate", "index"),
    [(0, 0), (0.49, 0), (0.5, 1), (1.5, 2), (-0.5, 0), (-0.6, -1)],
)
def test_a_pixel_reaches_half_a_pixel_to_both_sides(coordinate, index):
    assert nearest(coordinate) == index


def test_the_axes_are_told_apart():
    assert VOLUME.frame_count == 7
    assert VOLUME.shape_hw == (5, 9)
    assert VOLUME.to_frame((1.25, 3, 8)) == (3, (1.25, 8))
    assert PICTURE.frame_count == 1


def test_a_point_in_any_channel_counts_and_one_in_another_plane_does_not():
    assert HYPERSTACK.to_frame((2, 4, 1, 5, 6)) == (2, (5, 6))
    with pytest.raises(PromptError, match=r"Z = 3, but objects are followed at Z = 4"):
        HYPERSTACK.to_frame((2, 3, 1, 5, 6))


def test_a_rectangle_across_frames_is_no_box():
    corners = VOLUME.rectangle(2, (0, 0, 3, 3))
    corners[0, 1] += 1
    with pytest.raises(PromptError, match="shows Z and X"):
        VOLUME.box_of(corners)


@pytest.mark.parametrize("extra", [0, 1])
def test_the_displayed_frame_follows_the_viewer(extra):
    viewer = ViewerModel()
    if extra:
        viewer.add_image(np.zeros((4, 5, 7, 9)))
    layer = viewer.add_image(np.zeros((5, 7, 9)), scale=(2, 3, 1), translate=(0, 5, 0))
    viewer.dims.order = (*range(extra), extra + 1, extra, extra + 2)
    viewer.dims.set_point(extra + 1, 5 + 3 * 4)
    assert VOLUME.displayed_frame(layer, viewer.dims) == 4
    viewer.dims.order = (*range(extra), extra, extra + 1, extra + 2)
    assert VOLUME.displayed_frame(layer, viewer.dims) is None
