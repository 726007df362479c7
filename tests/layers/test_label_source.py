"""Labels that users have, found in layers of any fitting shape."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_sam2.core.errors import PromptError
from napari_sam2.layers.image_source import image_source
from napari_sam2.layers.label_source import label_source, parse_label_ids

HW = (30, 40)


def labels(shape, *where):
    array = np.zeros(shape, np.uint16)
    array[where] = 7
    return Labels(array)


def test_labels_of_the_images_own_shape(new_bench):
    source = label_source(labels((6, *HW), 4, 5), new_bench().image.space)
    assert (source.read(4)[5] == 7).all()
    assert not source.read(3).any()
    assert not source.is_flat


@pytest.mark.parametrize("axis", [1, 2])
def test_labels_of_a_volume_are_cut_as_the_image_is(new_bench, axis):
    bench = new_bench((6, *HW), axis=axis)
    where = [slice(None)] * 3
    where[axis] = 3
    source = label_source(labels((6, *HW), *where), bench.image.space)
    assert source.read(3).shape == bench.image.shape_hw
    assert (source.read(3) == 7).all()
    assert not source.read(2).any()


def test_labels_without_the_planes_and_channels_of_the_image(new_bench):
    bench = new_bench((6, 3, *HW), axis=0, at={1: 2})
    space = bench.image.space
    assert (label_source(labels((6, 3, *HW), 4, 2), space).read(4) == 7).all()
    assert (label_source(labels((6, 1, *HW), 4, 0), space).read(4) == 7).all()
    assert (label_source(labels((6, *HW), 4), space).read(4) == 7).all()


@pytest.mark.parametrize("shape", [(8, 8, 8), (6, 8, 10)], ids=["cube", "cuboid"])
@pytest.mark.parametrize("axis", [1, 2, 3])
def test_labels_without_channels_are_cut_along_the_axis_of_the_image(shape, axis):
    image = image_source(
        Image(np.zeros((2, *shape), np.uint8), axis_labels=tuple("czyx")), axis=axis
    )
    voxel = [2, 3, 4]
    frame = voxel.pop(axis - 1)
    source = label_source(labels(shape, 2, 3, 4), image.space)
    assert [f for f in range(image.frame_count) if source.read(f).any()] == [frame]
    assert np.argwhere(source.read(frame)).tolist() == [voxel]


def test_a_single_picture_is_for_any_frame(new_bench):
    source = label_source(labels(HW, 2), new_bench().image.space)
    assert source.is_flat
    assert (source.read(5)[2] == 7).all()


def test_labels_of_another_size_are_explained(new_bench):
    with pytest.raises(PromptError, match=r"\(6, 9, 9\), but there are 6 frames"):
        label_source(labels((6, 9, 9)), new_bench().image.space)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("  ", None),
        ("3", {3}),
        ("1-3, 7", {1, 2, 3, 7}),
        ("1 - 2; 9", {1, 2, 9}),
    ],
)
def test_numbers_of_labels_are_read(text, expected):
    assert parse_label_ids(text) == expected


@pytest.mark.parametrize("text", ["a", "0", "5-2", "1,,2", "-3", "1-99999999"])
def test_what_is_no_number_of_a_label_is_explained(text):
    with pytest.raises(PromptError, match="such as 1-20, 35"):
        parse_label_ids(text)
