"""``napari-sam2 track`` follows any axis of a volume, and writes as the image lies."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from napari_sam2.io.reading.stack import open_stack
from tests.conftest import discs

FIRST = ("--point", "1:0,22,20")
SECOND = ("--point", "2:0,42,60")


def test_an_axis_of_a_4d_stack_is_chosen(cli, tmp_path):
    movie, labels = discs(4, (48, 64))
    path, out = tmp_path / "tzyx.tif", tmp_path / "labels.tif"
    tifffile.imwrite(path, np.stack([0 * movie, movie], 1), metadata={"axes": "TZYX"})
    words = ("track", path, "-o", out, "--point", "1:0,17,16")
    assert cli(*words, "--axis", "t", "--at", "z=1").code == 0
    assert tifffile.imread(out).shape == labels.shape


def write_volume(path, volume, axes="ZYX") -> None:
    """Write a volume of 0.25 × 0.5 × 0.5 µm voxels, as OME-TIFF."""
    sizes = {"PhysicalSizeZ": 0.25, "PhysicalSizeY": 0.5, "PhysicalSizeX": 0.5}
    about = {"axes": axes, **sizes}
    tifffile.imwrite(path, volume, ome=True, photometric="minisblack", metadata=about)


@pytest.mark.parametrize(("axis", "place"), [("z", 0), ("y", 1), ("x", 2)])
def test_a_volume_is_followed_along_any_axis_and_written_as_it_lies(
    cli, stack, tmp_path, axis, place
):
    usual, path, out = (tmp_path / n for n in ("usual.tif", "v.ome.tif", "l.tif"))
    assert cli("track", stack, "-o", usual, *FIRST, *SECOND).code == 0
    write_volume(path, np.moveaxis(discs(6, (64, 80))[0], 0, place))
    assert cli("track", path, "-o", out, "--axis", axis, *FIRST, *SECOND).code == 0
    found = tifffile.imread(out)
    assert {1, 2} <= set(np.unique(found))
    np.testing.assert_array_equal(np.moveaxis(found, place, 0), tifffile.imread(usual))
    assert open_stack(out).axes == open_stack(path).axes


def test_a_volume_of_a_4d_stack_with_channels_is_followed_along_x(cli, tmp_path):
    path, out = tmp_path / "tczyx.ome.tif", tmp_path / "labels.tif"
    volume = np.moveaxis(discs(4, (48, 64))[0], 0, 2)
    both = np.stack([0 * volume, volume])
    write_volume(path, np.stack([0 * both, both]), "TCZYX")
    words = ("track", path, "-o", out, "--axis", "x", "--at", "t=1", "--channels", "1")
    assert cli(*words, "--point", "1:0,17,16").code == 0
    found = open_stack(out)
    assert found.shape == volume.shape
    assert "".join(axis.name for axis in found.axes) == "zyx"
    assert tifffile.imread(out)[..., 0].any()


def test_nothing_is_left_when_following_along_another_axis_fails(cli, tmp_path):
    path, out = tmp_path / "v.ome.tif", tmp_path / "labels.tif"
    write_volume(path, np.moveaxis(discs(4, (48, 64))[0], 0, 1))
    said = cli("track", path, "-o", out, "--axis", "y", "--point", "1:4,17,16")
    assert said.code == 2
    assert "Frame 4 does not exist" in said.err
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
