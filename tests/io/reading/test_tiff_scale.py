"""Pixel sizes as the programs of microscopes write them into TIFF files."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sam2.core.axes import Axis
from napari_sam2.io.reading.stack import open_stack

_CENTIMETERS = 3


def imagej(path: Path, about: str) -> Path:
    """Write a file as ImageJ does, which has more keys than tifffile writes."""
    tifffile.imwrite(
        path,
        np.zeros((5, 8, 9), np.uint16),
        description=f"ImageJ=1.53t\nimages=5\n{about}\nloop=false\n",
        metadata=None,
        photometric="minisblack",
        resolution=(2.0, 4.0),
        resolutionunit=1,
    )
    return path


@pytest.mark.parametrize(
    ("about", "scale", "unit"),
    [
        ("finterval=0.5\ntunit=min", 0.5, "minute"),
        ("finterval=0.5\ntunit=msec", 0.5, "millisecond"),
        ("finterval=0.5", 0.5, "second"),
    ],
)
def test_imagej_counts_time_in_its_own_unit(tmp_path, about, scale, unit):
    path = imagej(tmp_path / "a.tif", f"frames=5\nunit=micron\n{about}")
    assert open_stack(path).axes[0] == Axis("t", 5, scale, unit)


@pytest.mark.parametrize("micron", ["micron", r"\u00B5m"])
def test_imagej_may_have_a_unit_for_each_axis(tmp_path, micron):
    units = f"unit=mm\nyunit=nm\nzunit={micron}"
    path = imagej(tmp_path / "a.tif", f"slices=5\n{units}\nspacing=3.0")
    assert open_stack(path).axes == (
        Axis("z", 5, 3.0, "micrometer"),
        Axis("y", 8, 0.25, "nanometer"),
        Axis("x", 9, 0.5, "millimeter"),
    )


def test_lsm_files_have_the_time_between_frames(tmp_path):
    told = {
        "MagicNumber": 67127628, "StructureSize": 500, "DimensionX": 64,
        "DimensionY": 48, "DimensionZ": 1, "DimensionChannels": 1, "DimensionTime": 4,
        "DataType": 1, "VoxelSizeX": 1e-7, "VoxelSizeY": 2e-7, "ScanType": 3,
        "TimeIntervall": 30.0,
    }  # fmt: skip
    layout, values = "<", []
    for name, code in tifffile.TIFF.CZ_LSMINFO:
        count = int(code[:-2] or 1)
        kind = {"u4": "I", "i4": "i", "f8": "d", "u2": "H", "i2": "h", "f4": "f"}
        layout += f"{count}{kind[code[-2:]]}"
        values += [told.get(name, 0)] * count
    data = struct.pack(layout, *values)
    with tifffile.TiffWriter(tmp_path / "a.lsm") as file:
        for frame in range(4):
            tags = [] if frame else [(34412, "B", len(data), data, True)]
            picture = np.full((48, 64), frame, np.uint8)
            options = {"metadata": None, "photometric": "minisblack", "software": False}
            file.write(picture, extratags=tags, **options)
    time, y, x = open_stack(tmp_path / "a.lsm").axes
    assert time == Axis("t", 4, 30.0, "second")
    assert [y.scale, x.scale] == pytest.approx([0.2, 0.1])


def test_every_series_has_pixels_of_its_own_size(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for size, per_centimeter in ((32, 1e4), (48, 2e4)):
            file.write(
                np.zeros((4, size, size), np.uint8),
                resolution=(per_centimeter, per_centimeter),
                resolutionunit=_CENTIMETERS,
                metadata=None,
                photometric="minisblack",
            )
    for series, scale in ((0, 1.0), (1, 0.5)):
        axes = open_stack(tmp_path / "a.tif", series).axes
        assert [axis.scale for axis in axes[1:]] == [scale, scale]
