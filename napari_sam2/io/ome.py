"""The OME-XML that describes a stack of label images."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from napari_sam2.core.units import unit_symbol

if TYPE_CHECKING:
    import numpy as np

    from napari_sam2.core.axes import Axes, Axis
    from napari_sam2.core.provenance import Provenance

_SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_SPATIAL = "xyz"
_ANNOTATION = "Annotation:0"
_NAMESPACE = "napari-sam2/provenance"


def ome_xml(
    name: str,
    axes: Axes,
    dtype: np.dtype[np.unsignedinteger],
    provenance: Provenance | None = None,
) -> str:
    """Describe a (frames, rows, columns) stack with one channel.

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
    """
    frames, rows, columns = axes
    depth, times = (frames.size, 1) if frames.name in _SPATIAL else (1, frames.size)
    attributes = {
        "ID": "Pixels:0",
        "DimensionOrder": "XYZCT",
        "Type": dtype.name,
        "SizeX": columns.size,
        "SizeY": rows.size,
        "SizeZ": depth,
        "SizeC": 1,
        "SizeT": times,
        **_physical_size("X", columns),
        **_physical_size("Y", rows),
        **(_physical_size("Z", frames) if depth > 1 else _time_increment(frames)),
    }
    pixels = " ".join(f"{k}={quoteattr(str(v))}" for k, v in attributes.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{_SCHEMA}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{_SCHEMA} {_SCHEMA}/ome.xsd">'
        f'<Image ID="Image:0" Name={quoteattr(name)}><Pixels {pixels}>'
        '<Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/>'
        f"</Pixels>{_reference(provenance)}</Image>{_annotations(provenance)}</OME>"
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
    """Give the pixel size, in pixels when it has no unit and is not 1."""
    if axis.scale == 1.0 and not axis.unit:
        return {}
    unit = unit_symbol(axis.unit) if axis.unit else "pixel"
    return {f"PhysicalSize{letter}": axis.scale, f"PhysicalSize{letter}Unit": unit}


def _time_increment(axis: Axis) -> dict[str, object]:
    if not axis.unit or axis.name in _SPATIAL:
        return {}
    return {"TimeIncrement": axis.scale, "TimeIncrementUnit": unit_symbol(axis.unit)}
