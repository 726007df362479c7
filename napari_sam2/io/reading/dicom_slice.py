"""What the header of a DICOM file says about each picture in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.decoding import decoding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """One picture in a DICOM file.

    Attributes
    ----------
    path : Path
    frame : int
        Its number in a file of several.
    shape : tuple of int
        Rows and columns, and three colours if there are.
    series_uid, description, transfer_syntax : str
    series_number, instance : int
        Instances count slices; scanners may leave numbers out.
    moment : tuple
        Sorts repetitions of one position by time.
    position : tuple of 3 float or None
        Of the centre of the first pixel in the patient, in millimetres (LPS+).
    orientation : tuple of 6 float or None
        Directions in which columns and rows are counted (LPS+).
    spacing : tuple of 2 float or None
        Millimetres between rows, and between columns.
    thickness : float
        Millimetres between slices where positions do not say it; 0 for unknown.
    frame_seconds : float
        Between the frames of a film; 0 for unknown.
    slope, intercept : float
        From stored to meant values.
    stored_range : tuple of 2 int
        Smallest and largest value that may be stored.
    """

    path: Path
    frame: int
    shape: tuple[int, ...]
    series_uid: str
    description: str
    transfer_syntax: str
    series_number: int
    instance: int
    moment: tuple[float, ...]
    position: Vector | None
    orientation: Vector | None
    spacing: Vector | None
    thickness: float
    frame_seconds: float
    slope: float
    intercept: float
    stored_range: tuple[int, int]


def slices_of(pydicom: Any, path: Path) -> Iterator[Slice]:
    """Read the header of a file and describe its pictures, without their pixels.

    Files without pictures, such as reports, have none.

    Raises
    ------
    StackError
        If it is no DICOM file, or its header is damaged.
    """
    with decoding(StackError, f"{path} cannot be read as a DICOM file"):
        _refuse_deflated(pydicom, path)
        header = pydicom.dcmread(path, stop_before_pixels=True)
        if "Rows" not in header or "Columns" not in header:
            return
        count = int(header.get("NumberOfFrames") or 1)
        parts = header.get("PerFrameFunctionalGroupsSequence") or ()
        if count < 1 or (parts and len(parts) < count) or count > _most_frames(path):
            raise StackError(
                f"{path} announces {count} frames, which cannot be: it is damaged."
            )
        shared = (header.get("SharedFunctionalGroupsSequence") or [None])[0]
        slices = [
            _slice(path, number, header, (parts[number] if parts else None, shared))
            for number in range(count)
        ]
    yield from slices


def _refuse_deflated(pydicom: Any, path: Path) -> None:
    """Refuse a file that would be inflated whole, however large that is."""
    syntax = pydicom.filereader.read_file_meta_info(path).get("TransferSyntaxUID", "")
    if syntax == pydicom.uid.DeflatedExplicitVRLittleEndian:
        raise StackError(
            f"{path} is deflated as a whole, so that no part of it can be read by "
            "itself. Write it in another way, with gdcmconv --raw for example."
        )


def _most_frames(path: Path) -> int:
    """Return more frames than a file of this size can hold: each takes some bytes."""
    return path.stat().st_size


def _slice(path: Path, number: int, header: Any, groups: tuple[Any, Any]) -> Slice:
    colours = (3,) if int(header.get("SamplesPerPixel") or 1) == 3 else ()
    rescale = _Lookup(header, groups, "PixelValueTransformationSequence")
    measures = _Lookup(header, groups, "PixelMeasuresSequence")
    syntax = getattr(header.file_meta, "TransferSyntaxUID", "1.2.840.10008.1.2")
    return Slice(
        path=path,
        frame=number,
        shape=(int(header.Rows), int(header.Columns), *colours),
        series_uid=str(header.get("SeriesInstanceUID", "")),
        description=str(header.get("SeriesDescription", "")),
        transfer_syntax=str(syntax),
        series_number=int(_number(header.get("SeriesNumber"))),
        instance=int(_number(header.get("InstanceNumber"))),
        moment=_moment(header),
        position=_Lookup(header, groups, "PlanePositionSequence").vector(
            "ImagePositionPatient", 3
        ),
        orientation=_Lookup(header, groups, "PlaneOrientationSequence").vector(
            "ImageOrientationPatient", 6
        ),
        spacing=_spacing(measures),
        thickness=_thickness(measures),
        frame_seconds=_number(header.get("FrameTime")) / 1000,
        slope=_number(rescale.get("RescaleSlope"), 1.0) or 1.0,
        intercept=_number(rescale.get("RescaleIntercept")),
        stored_range=_stored_range(header),
    )


class _Lookup:
    """Finds a value for a frame: in its own group, the shared one, or the header."""

    def __init__(self, header: Any, groups: tuple[Any, Any], sequence: str) -> None:
        found = [group.get(sequence) for group in groups if group is not None]
        self._places = [*(items[0] for items in found if items), header]

    def get(self, name: str) -> Any:
        values = (place.get(name) for place in self._places)
        return next((value for value in values if value not in (None, "")), None)

    def vector(self, name: str, length: int) -> Vector | None:
        values = self.get(name)
        if values is None or isinstance(values, str) or len(values) != length:
            return None
        numbers = tuple(map(float, values))
        return numbers if all(map(math.isfinite, numbers)) else None


def _spacing(measures: _Lookup) -> Vector | None:
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        found = measures.vector(name, 2)
        if found is not None and min(found) > 0:
            return found
    return None


def _thickness(measures: _Lookup) -> float:
    between = _number(measures.get("SpacingBetweenSlices"))
    return abs(between) or _number(measures.get("SliceThickness"))


def _moment(header: Any) -> tuple[float, ...]:
    names = "TemporalPositionIdentifier", "AcquisitionNumber", "AcquisitionTime"
    return (
        *(_number(header.get(name)) for name in names),
        _number(header.get("InstanceNumber")),
    )


def _stored_range(header: Any) -> tuple[int, int]:
    bits = int(_number(header.get("BitsStored"), header.get("BitsAllocated", 16)))
    if int(_number(header.get("PixelRepresentation"))):
        return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return 0, 2**bits - 1


def _number(value: Any, default: float = 0.0) -> float:
    """Return a number, however it is written; a default for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return float(default)
    return number if math.isfinite(number) else float(default)
