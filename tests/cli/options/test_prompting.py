"""Prompts of flags and files are added up."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_sam2.cli.options.arguments import parse_mask
from napari_sam2.cli.options.prompting import gather_request
from napari_sam2.core.positions import choose_positions
from napari_sam2.io.reading.arrays import array_stack
from napari_sam2.io.reading.stack_frames import stack_frames


@pytest.mark.parametrize("place", ["t=2,1:", "0=2,1:", "t=2,"])
def test_masks_of_one_position_are_those_of_the_axis_named_or_counted(tmp_path, place):
    labels = np.zeros((3, 2, 8, 9), np.uint8)
    labels[:, 1, 2:4, 2:4] = 5
    path = tmp_path / "labels.tif"
    tifffile.imwrite(path, labels, imagej=True, metadata={"axes": "TZYX"})
    stack = array_stack(labels, "tzyx")
    positions = choose_positions(stack.axes, [("t", None)])
    mask = parse_mask(f"{place}{path}")
    image = stack_frames(stack, "z", at={"t": 0})
    request = gather_request((), (mask,), (), image, positions)
    assert {at: list(said) for at, said in request.by_position.items()} == {
        (2,): [(5, 1)]
    }


def test_axes_are_counted_as_in_the_stack(tmp_path):
    labels = np.zeros((2, 3, 8, 9), np.uint8)
    labels[1, :, 2:4, 2:4] = 5
    path = tmp_path / "labels.tif"
    tifffile.imwrite(path, labels, imagej=True, metadata={"axes": "TZYX"})
    stack = array_stack(labels, "tzyx")
    positions = choose_positions(stack.axes, [("z", None)])
    mask = parse_mask(f"1=2,1:{path}")
    image = stack_frames(stack, "t", at={"z": 0})
    request = gather_request((), (mask,), (), image, positions)
    assert list(request.by_position) == [(2,)]
