"""OME-Zarr labels of stacks with axes that the format has no name for."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.axes import axes_from_shape, axis_names
from napari_sam2.io.label_frames import read_labels
from napari_sam2.io.reading.arrays import array_stack
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from tests.io.written_results import write

zarr = pytest.importorskip("zarr")


@pytest.mark.parametrize("name", ["labels-zarr", "labels-zarr-0.4"])
def test_no_two_axes_have_one_name(tmp_path, name) -> None:
    labels = np.ones((3, 2, 20, 30), np.uint32)
    axes = axes_from_shape(labels.shape, "qqyx")
    path = write(name, tmp_path, labels, axes)
    attributes = zarr.open_group(path, mode="r").attrs.asdict()
    (scales,) = attributes.get("ome", attributes)["multiscales"]
    names = [axis["name"] for axis in scales["axes"]]
    assert len(set(names)) == 4
    assert names[2:] == ["y", "x"]
    stack = open_stack(path)
    assert axis_names(stack.axes) == "qqyx"
    np.testing.assert_array_equal(stack.array[2, 1], labels[2, 1])


@pytest.mark.parametrize("name", ["labels-zarr", "labels-zarr-0.4"])
def test_time_is_first_and_labels_are_cut_as_their_image_all_the_same(
    tmp_path, name
) -> None:
    labels = np.arange(3 * 2, dtype=np.uint32).reshape(3, 2, 1, 1)
    labels = labels + np.zeros((20, 30), np.uint32)
    path = write(name, tmp_path, labels, axes_from_shape(labels.shape, "qtyx"))
    assert axis_names(open_stack(path).axes) == "tqyx"
    image = stack_frames(array_stack(labels, "qtyx"), "t", at={"0": 2})
    frames = read_labels(path, image)
    np.testing.assert_array_equal(frames[1], labels[2, 1])
