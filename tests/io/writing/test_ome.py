"""OME-XML that other programs accept, whatever units an image has."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from napari_sam2.core.axes import Axis
from napari_sam2.core.units import unit_name
from napari_sam2.io.writing.ome import ome_xml

# As the schema of 2016-06 enumerates them
LENGTHS = (
    "Ym Zm Em Pm Tm Gm Mm km hm dam m dm cm mm µm nm pm fm am zm ym Å thou li in ft yd "
    "mi ua ly pc pt pixel"
)
TIMES = "Ys Zs Es Ps Ts Gs Ms ks hs das s ds cs ms µs ns ps fs as zs ys min h d"


def described(time: Axis, plane: Axis, times=None) -> ET.Element:
    axes = time, plane, Axis("x", 30, plane.scale, plane.unit)
    root = ET.fromstring(ome_xml("a", axes, np.dtype("u1"), None, times))
    (pixels,) = root.iterfind("{*}Image/{*}Pixels")
    return pixels


@pytest.mark.parametrize(
    "unit", ["", "px", "voxel", "furlong", "week", "micrometer", "picometer",
             "kilometer", "inch", "foot", "angstrom", "second"],
)  # fmt: skip
def test_a_pixel_size_has_a_unit_of_the_schema(unit):
    plane = Axis("y", 20, 0.5, unit_name(unit))
    pixels = described(Axis("z", 3, 2.0, unit_name(unit)), plane)
    for name in "XYZ":
        assert pixels.get(f"PhysicalSize{name}Unit") in LENGTHS.split()
    assert pixels.get("PhysicalSizeX") == "0.5"


@pytest.mark.parametrize(
    ("unit", "symbol"),
    [
        ("microsecond", "µs"),
        ("us", "µs"),
        ("nanosecond", "ns"),
        ("hour", "h"),
        ("week", None),
        ("micrometer", None),
    ],
)
def test_times_have_a_unit_of_the_schema_or_are_left_out(unit, symbol):
    time = Axis("t", 3, 2.0, unit_name(unit))
    pixels = described(time, Axis("y", 20), (0.0, 1.0, 4.0))
    assert symbol is None or symbol in TIMES.split()
    assert pixels.get("TimeIncrementUnit") == symbol
    assert (pixels.get("TimeIncrement") is None) == (symbol is None)
    planes = list(pixels.iterfind("{*}Plane"))
    assert {plane.get("DeltaTUnit") for plane in planes} == ({symbol} - {None})
