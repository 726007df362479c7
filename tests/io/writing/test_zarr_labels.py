"""OME-Zarr labels of stacks with axes that the format has no name for."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.axes import axes_from_shape, axis_names
from napari_sam2.io.reading.stack import open_stack
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
