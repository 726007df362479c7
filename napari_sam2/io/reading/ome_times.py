"""When time points were taken, as OME-XML says of every plane.

The first channel and slice of a time point speak for all of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from napari_sam2.core.units import unit_name
from napari_sam2.io.reading.ome_files import described_pixels
from napari_sam2.io.reading.video_index import Spacing, spacing

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from pathlib import Path

    from napari_sam2.core.axes import Axes, Axis

_TICKS = 1_000_000  # per mean time between frames
# What is further from the mean that the file says is in another unit, or made up.
_LEAST, _MOST = 0.5, 2.0


def uneven_times(file: Any, series: int, axes: Axes) -> tuple[float, ...] | None:
    """Return when each time point was taken, where they are not even.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open OME-TIFF.
    series : int
        Number of the series.
    axes : tuple of Axis
        Of that image, with their scales.

    Returns
    -------
    tuple of float or None
        In the unit of the axis, since the first one. None where time is not the first
        axis, or the file says nothing of it that can be.
    """
    time = axes[0]
    if time.name != "t" or not time.unit or "DeltaT" not in file.ome_metadata:
        return None
    told = _told(described_pixels(file, series), time.unit)
    if any(frame not in told for frame in range(time.size)):
        return None
    times = tuple(told[frame] - told[0] for frame in range(time.size))
    found = _spacing(times, time)
    return times if found is not None and found.varies else None


def uneven_notices(
    path: Path, axes: Axes, times: tuple[float, ...] | None
) -> tuple[str, ...]:
    """Tell that time points are far from even; empty where they are not."""
    found = None if times is None else _spacing(times, axes[0])
    if found is None or not found.is_uneven:
        return ()
    return (
        f"The time points of {path.name} are not evenly spaced in time. They are "
        f"counted one by one, {axes[0].scale:.4g} {axes[0].unit}s apart in the mean: "
        "overlays are shown so. Tables have each one's own time.",
    )


def _spacing(times: tuple[float, ...], axis: Axis) -> Spacing | None:
    """Measure times; None where they cannot be those of the axis."""
    if not all(map(math.isfinite, times)):
        return None
    found = spacing([round(_TICKS * time / axis.scale) for time in times])
    if found is None or found.shortest <= 0:
        return None
    mean = (found.last - found.first) / (axis.size - 1) / _TICKS
    return found if _LEAST <= mean <= _MOST else None


def _told(pixels: ET.Element | None, unit: str) -> dict[int, float]:
    """Return the times of the first channel and slice by time point."""
    if pixels is None:
        return {}
    planes = [plane.attrib for plane in pixels.iterfind("{*}Plane")]
    try:
        return {
            int(plane["TheT"]): float(plane["DeltaT"])
            for plane in planes
            if (plane["TheC"], plane["TheZ"]) == ("0", "0")
            and "DeltaT" in plane
            and unit_name(plane.get("DeltaTUnit", "s")) == unit
        }
    except (KeyError, ValueError):
        return {}
