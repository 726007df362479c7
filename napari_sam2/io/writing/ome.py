"""The OME-XML that describes a stack of label images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from napari_sam2.core.errors import OutputError
from napari_sam2.core.units import unit_symbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from napari_sam2.core.axes import Axes, Axis
    from napari_sam2.core.provenance import Provenance

_SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_SPATIAL = "xyz"
_BEYOND_PLANES = "TZC"
_ANNOTATION = "Annotation:0"
_NAMESPACE = "napari-sam2/provenance"

# Of those that the schema enumerates. With any other, readers refuse the whole file.
_LENGTHS = {
    "angstrom", "picometer", "nanometer", "micrometer", "millimeter", "centimeter",
    "decimeter", "meter", "kilometer", "inch", "foot",
}  # fmt: skip
_TIMES = {
    "picosecond", "nanosecond", "microsecond", "millisecond", "second", "minute",
    "hour", "day",
}  # fmt: skip


def ome_xml(
    name: str,
    axes: Axes,
    dtype: np.dtype[np.unsignedinteger],
    provenance: Provenance | None = None,
    times: Sequence[float] | None = None,
) -> str:
    """Describe a (frames, rows, columns) stack, or one with more axes in front.

    Parameters
    ----------
    name : str
        Name of the image.
    axes : tuple of Axis
        Frames, rows and columns, with pixel sizes. Frames that are slices in space are
        written as Z, all others as T.
    dtype : dtype
        An unsigned integer type.
    provenance : Provenance, optional
        Kept as a comment in the structured annotations, as JSON.
    times : sequence of float, optional
        When each frame is shown, in the unit of their axis; written where that is time,
        and the only axis before rows and columns.

    Raises
    ------
    OutputError
        If there are more than three axes before rows and columns.
    """
    *leading, rows, columns = axes
    letters = _letters(leading)
    attributes: dict[str, Any] = {
        "ID": "Pixels:0",
        "DimensionOrder": "XY" + _order(letters),
        "Type": dtype.name,
        "SizeX": columns.size,
        "SizeY": rows.size,
        **{
            f"Size{letter}": letters[letter].size if letter in letters else 1
            for letter in _BEYOND_PLANES
        },
        **_physical_size("X", columns),
        **_physical_size("Y", rows),
        **(_physical_size("Z", letters["Z"]) if "Z" in letters else {}),
        **(_time_increment(letters["T"]) if "T" in letters else {}),
    }
    pixels = " ".join(f"{k}={quoteattr(str(v))}" for k, v in attributes.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{_SCHEMA}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{_SCHEMA} {_SCHEMA}/ome.xsd">'
        f'<Image ID="Image:0" Name={quoteattr(name)}><Pixels {pixels}>'
        f"{_channels(attributes['SizeC'])}<TiffData/>{_planes(letters, times)}"
        f"</Pixels>{_reference(provenance)}</Image>{_annotations(provenance)}</OME>"
    )


def _letters(leading: Sequence[Axis]) -> dict[str, Axis]:
    """Give every axis before rows and columns one of OME's letters, slowest first."""
    if len(leading) > len(_BEYOND_PLANES):
        raise OutputError(
            f"An OME-TIFF holds five axes, and the labels have {len(leading) + 2}: "
            "write OME-Zarr, a name that ends in .ome.zarr."
        )
    if len(leading) == 1:
        return {"Z" if leading[0].name in _SPATIAL else "T": leading[0]}
    free = [c for c in _BEYOND_PLANES if c.lower() not in {a.name for a in leading}]
    return {
        axis.name.upper() if axis.name.upper() in _BEYOND_PLANES else free.pop(0): axis
        for axis in leading
    }


def _order(letters: dict[str, Axis]) -> str:
    """Return the letters from the fastest to the slowest; single ones come last."""
    rest = [letter for letter in "ZCT" if letter not in letters]
    return "".join([*reversed(letters), *rest])


def _channels(count: int) -> str:
    return "".join(
        f'<Channel ID="Channel:0:{number}" SamplesPerPixel="1"/>'
        for number in range(count)
    )


def tells_times(axes: Axes) -> bool:
    """Whether it is said of every plane when it is shown, where that is known.

    Parameters
    ----------
    axes : tuple of Axis
        As for :func:`ome_xml`.
    """
    return len(axes) == 3 and bool(_time_increment(axes[0]))


def _planes(letters: Mapping[str, Axis], times: Sequence[float] | None) -> str:
    """Say of every plane when it is shown."""
    if times is None or list(letters) != ["T"] or not _time_increment(letters["T"]):
        return ""
    unit = quoteattr(unit_symbol(letters["T"].unit))
    return "".join(
        f'<Plane TheZ="0" TheC="0" TheT="{frame}" DeltaT="{times[frame]}" '
        f"DeltaTUnit={unit}/>"
        for frame in range(letters["T"].size)
    )


def _reference(provenance: Provenance | None) -> str:
    return "" if provenance is None else f'<AnnotationRef ID="{_ANNOTATION}"/>'


def _annotations(provenance: Provenance | None) -> str:
    if provenance is None:
        return ""
    return (
        "<StructuredAnnotations>"
        f'<CommentAnnotation ID="{_ANNOTATION}" Namespace="{_NAMESPACE}">'
        f"<Value>{escape(provenance.as_json())}</Value>"
        "</CommentAnnotation></StructuredAnnotations>"
    )


def _physical_size(letter: str, axis: Axis) -> dict[str, object]:
    """Give the pixel size, in pixels when it has no unit that OME knows."""
    unit = unit_symbol(axis.unit) if axis.unit in _LENGTHS else "pixel"
    if axis.scale == 1.0 and unit == "pixel":
        return {}
    return {f"PhysicalSize{letter}": axis.scale, f"PhysicalSize{letter}Unit": unit}


def _time_increment(axis: Axis) -> dict[str, object]:
    if axis.unit not in _TIMES or axis.name in _SPATIAL:
        return {}
    return {"TimeIncrement": axis.scale, "TimeIncrementUnit": unit_symbol(axis.unit)}
