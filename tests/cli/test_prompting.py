"""Prompts of flags and files are added up."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_sam2.cli.arguments import parse_mask
from napari_sam2.cli.prompting import gather_request
from napari_sam2.core.axes import axes_from_shape
from napari_sam2.core.positions import choose_positions


@pytest.mark.parametrize("place", ["t=2", "0=2"])
def test_masks_of_one_position_are_those_of_the_axis_named_or_counted(tmp_path, place):
    labels = np.zeros((3, 2, 8, 9), np.uint8)
    labels[:, 1, 2:4, 2:4] = 5
    path = tmp_path / "labels.tif"
    tifffile.imwrite(path, labels, imagej=True, metadata={"axes": "TZYX"})
    positions = choose_positions(axes_from_shape(labels.shape, "tzyx"), [("t", None)])
    mask = parse_mask(f"{place},1:{path}")
    request = gather_request((), (mask,), (), positions, along="z")
    assert {at: list(said) for at, said in request.by_position.items()} == {
        (2,): [(5, 1)]
    }


def test_axes_are_counted_as_in_the_stack(tmp_path):
    labels = np.zeros((2, 3, 8, 9), np.uint8)
    labels[1, :, 2:4, 2:4] = 5
    path = tmp_path / "labels.tif"
    tifffile.imwrite(path, labels, imagej=True, metadata={"axes": "TZYX"})
    positions = choose_positions(axes_from_shape(labels.shape, "tzyx"), [("z", None)])
    mask = parse_mask(f"1=2,1:{path}")
    request = gather_request((), (mask,), (), positions, along="t")
    assert list(request.by_position) == [(2,)]
