"""A volume as the model sees it, cut any way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_sam2.control.volumes.volume_copy import VolumeCopy
from napari_sam2.core.cancel import CancelToken, Progress
from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames.bleaching import Fading, SteadyFrames
from napari_sam2.core.frames.side_by_side import SideBySide
from napari_sam2.core.frames.source import ArrayFrames

SHAPE = 5, 7, 9
DIMS = (1, 0, 2), (2, 0, 1), (2, 1, 0)


def voxels(*extra: int, dtype=np.uint16) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 200, (*SHAPE, *extra)).astype(dtype)


def filled(frames, folder: Path) -> VolumeCopy:
    copy = VolumeCopy(frames, folder)
    assert list(copy.fill(2, None))[-1] == Progress(5, 5, "reading the volume")
    return copy


@pytest.mark.parametrize("dims", DIMS)
def test_planes_are_those_of_the_volume(tmp_path: Path, dims) -> None:
    volume = voxels()
    copy = filled(ArrayFrames(volume), tmp_path)
    assert copy.shape == SHAPE
    turned = copy.turned(dims)
    assert (turned.dtype, turned.is_rgb) == (np.uint16, False)
    expected = volume.transpose(dims)
    assert (len(turned), turned.shape_hw) == (len(expected), expected.shape[1:])
    for frame, plane in enumerate(expected):
        np.testing.assert_array_equal(turned[frame], plane)


@pytest.mark.parametrize(
    ("frames", "is_rgb"),
    [
        (ArrayFrames(voxels(3, dtype=np.uint8)), True),
        (ArrayFrames(voxels(4, dtype=np.uint8)), True),
        (ArrayFrames(voxels(4), (3, 1)), False),
        (SideBySide((ArrayFrames(voxels()), ArrayFrames(voxels() + 1))), False),
        (SteadyFrames(ArrayFrames(voxels()), (Fading(3.0, 0.2),)), False),
    ],
)
def test_the_model_sees_channels_as_along_the_first_axis(tmp_path, frames, is_rgb):
    turned = filled(frames, tmp_path).turned((1, 0, 2))
    assert (turned.is_rgb, turned.dtype) == (is_rgb, frames.dtype)
    for row in range(SHAPE[1]):
        plane = np.stack([frames[frame][row] for frame in range(SHAPE[0])])
        np.testing.assert_array_equal(turned[row], plane)


def test_frames_that_cannot_be_read_are_black(tmp_path: Path) -> None:
    volume = voxels()

    class Broken(ArrayFrames):
        def __getitem__(self, frame):
            if frame == 0:
                raise FrameError("gone")
            return super().__getitem__(frame)

    turned = filled(Broken(volume), tmp_path).turned((1, 0, 2))
    assert not turned[3][0].any()
    np.testing.assert_array_equal(turned[3][1:], volume[1:, 3])


def test_it_stops_between_two_frames(tmp_path: Path) -> None:
    token = CancelToken()
    steps = VolumeCopy(ArrayFrames(voxels()), tmp_path).fill(0, token)
    assert next(steps).done == 1
    token.cancel()
    assert not list(steps)
