"""Pixel sizes out of the metadata of TIFF files: OME, ImageJ, LSM, plain."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_sam2.core.units import unit_name
from napari_sam2.io.reading.ome_files import described_pixels

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Mapping

    from napari_sam2.core.axes import Axes

# For each axis name: distance between neighbours and its unit.
_Scales = dict[str, tuple[float, str]]

_MICROMETERS_PER_CENTIMETER = 1e4
_CENTIMETER = 3  # the TIFF tag's code


def with_pixel_sizes(axes: Axes, file: Any, series: int) -> Axes:
    """Return the axes with the pixel sizes that the file's metadata gives.

    Parameters
    ----------
    axes : tuple of Axis
        Axes of one series.
    file : tifffile.TiffFile
        The open file.
    series : int
        Number of the series.
    """
    scales = _scales(file, series)
    return tuple(
        replace(axis, scale=scales[axis.name][0], unit=scales[axis.name][1])
        if axis.name in scales
        else axis
        for axis in axes
    )


def _scales(file: Any, series: int) -> _Scales:
    if file.is_ome:
        found = _ome_scales(described_pixels(file, series))
    elif file.is_imagej:
        found = _imagej_scales(file.imagej_metadata or {}, file.pages[0])
    elif file.is_lsm:
        found = _lsm_scales(file.lsm_metadata)
    else:
        found = _plain_scales(file.series[series].keyframe)
    return {n: s for n, s in found.items() if s[0] > 0 and math.isfinite(s[0])}


def _ome_scales(described: ET.Element | None) -> _Scales:
    pixels = {} if described is None else described.attrib
    keys = {name: f"PhysicalSize{name.upper()}" for name in "xyz"}
    found = {
        name: (_number(pixels[key]), unit_name(pixels.get(f"{key}Unit", "µm")))
        for name, key in keys.items()
        if key in pixels
    }
    if "TimeIncrement" in pixels:
        unit = unit_name(pixels.get("TimeIncrementUnit", "s"))
        found["t"] = _number(pixels["TimeIncrement"]), unit
    return found


def _imagej_scales(metadata: Mapping[str, Any], page: Any) -> _Scales:
    """Read what ImageJ writes: further units only where they are not the usual ones."""
    units = {name: metadata.get(f"{name}unit", metadata.get("unit")) for name in "xyz"}
    sizes = _resolution(page)
    if "spacing" in metadata:
        sizes["z"] = _number(metadata["spacing"])
    named = ((name, size, unit_name(str(units[name]))) for name, size in sizes.items())
    found = {name: (size, unit) for name, size, unit in named if unit}
    if "finterval" in metadata:
        unit = unit_name(str(metadata.get("tunit", "s")))
        found["t"] = _number(metadata["finterval"]), unit
    return found


def _lsm_scales(metadata: Mapping[str, Any]) -> _Scales:
    found = {
        name: (_number(metadata.get(f"VoxelSize{name.upper()}", 0)) * 1e6, "micrometer")
        for name in "xyz"
    }
    # So it is spelt
    found["t"] = _number(metadata.get("TimeIntervall", 0)), "second"
    return found


def _plain_scales(page: Any) -> _Scales:
    """Trust centimetres only: dots per inch are about printing."""
    unit = page.tags.get("ResolutionUnit")
    if unit is None or int(unit.value) != _CENTIMETER:
        return {}
    return {
        name: (size * _MICROMETERS_PER_CENTIMETER, "micrometer")
        for name, size in _resolution(page).items()
    }


def _resolution(page: Any) -> dict[str, float]:
    """Return the pixel size from pixels per unit, where it is more than a default."""
    found = {}
    for name in "xy":
        tag = page.tags.get(f"{name.upper()}Resolution")
        pixels, units = tag.value if tag is not None else (0, 0)
        if pixels and units:
            found[name] = units / pixels
    return found


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
