"""Which images are volumes that may be followed along several axes."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_sam2.core.recipe import OtherAxis
from napari_sam2.layers.image_source import image_source
from napari_sam2.layers.volume_axes import volume_axes


def axes_of(shape, labels, *, rgb=False, every=True, **options):
    image = Image(np.zeros(shape, np.uint8), axis_labels=labels, rgb=rgb)
    return volume_axes(image_source(image, every=every, **options))


@pytest.mark.parametrize(("axis", "names"), [(0, "zyx"), (1, "yzx"), (2, "xzy")])
def test_axes_are_those_of_frames_rows_and_columns(axis, names) -> None:
    found = axes_of((5, 6, 7), "zyx", axis=axis)
    assert "".join(one.name for one in found.axes) == names
    assert found.others == (OtherAxis(1, names[1]), OtherAxis(2, names[2]))
    assert not found.problem


def test_colours_and_channels_are_no_axes_of_a_volume() -> None:
    assert [a.size for a in axes_of((5, 6, 7, 3), "zyx", rgb=True).axes] == [5, 6, 7]
    found = axes_of((2, 5, 6, 7), "czyx", axis=1)
    assert [axis.size for axis in found.axes] == [5, 6, 7]
    assert not found.problem


@pytest.mark.parametrize(
    ("shape", "labels", "axis"),
    [
        ((6, 7), "yx", None),
        ((5, 6, 7), "tyx", 0),
        ((5, 6, 7), "tyx", 1),
        ((2, 5, 6, 7), "tzyx", 0),
        ((5, 1, 7), "zyx", 0),
    ],
)
def test_pictures_lines_and_what_has_time_are_no_volumes(shape, labels, axis) -> None:
    assert axes_of(shape, labels, axis=axis) is None


def test_a_unit_of_time_is_seen_too() -> None:
    image = Image(np.zeros((5, 6, 7), np.uint8), units=("s", "um", "um"))
    assert volume_axes(image_source(image)) is None


def test_an_axis_without_a_name_may_be_depth() -> None:
    image = Image(np.zeros((5, 6, 7), np.uint8))
    assert volume_axes(image_source(image)).axes[0].size == 5


def test_volumes_at_many_times_say_why_not() -> None:
    found = axes_of((2, 5, 6, 7), "tzyx", axis=1)
    assert found.problem == (
        "Along z only. Volumes at many t are fused by the command: "
        "track --axes z,y,x --fuse --every t"
    )
    assert not axes_of((2, 5, 6, 7), "tzyx", axis=1, at={0: 1}).problem


def test_no_option_names_an_axis_that_has_no_name() -> None:
    found = axes_of((2, 5, 6, 7), None, axis=1)
    assert found.problem.endswith("by the command: track --fuse")
