"""Labels as NIfTI volumes that lie where their image lies, through ``nibabel``."""

from __future__ import annotations

import gzip
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import OutputError
from napari_sam2.io.extras import optional_package
from napari_sam2.io.files.output import atomic_output, naming_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes, Axis
    from napari_sam2.core.results import FrameResult
    from napari_sam2.io.writing.result_format import ResultHeader

_IN_MILLIMETRES = {
    "angstrom": 1e-7, "nanometer": 1e-6, "micrometer": 1e-3, "millimeter": 1.0,
    "centimeter": 10.0, "meter": 1e3, "inch": 25.4,
}  # fmt: skip
# What NIfTI calls the units that it has.
_LENGTHS = {"micrometer": "micron", "millimeter": "mm", "meter": "meter"}
_IN_SECONDS = {
    "millisecond": 1e-3, "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0,
}  # fmt: skip
_COMPRESSION_LEVEL = 4
_ALIGNED = 2  # the code of a space that is some other image's
_SLOWEST_FIRST = "tz"
_COMMENT = 6  # the code of an extension that is plain text
_LARGEST_SIDE = 32767  # of the first version of NIfTI


class _Planes:
    """Writes planes one after the other. Made by :func:`open_nifti_labels`."""

    def __init__(
        self, file: IO[bytes] | gzip.GzipFile, header: ResultHeader, dtype: Any
    ) -> None:
        self._file = file
        self._blank = np.zeros(header.shape_hw, dtype).tobytes()
        self._dtype = dtype
        self._next = 0

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        self.fill(result.frame)
        self._file.write(labels.astype(self._dtype).tobytes())
        self._next += 1

    def fill(self, frame: int) -> None:
        """Write empty planes up to, but without, a frame."""
        for _ in range(self._next, frame):
            self._file.write(self._blank)
        self._next = frame


@contextmanager
def open_nifti_labels(
    path: Path, header: ResultHeader, *, overwrite: bool
) -> Iterator[_Planes]:
    """Write labels, planes in order, as ``.nii`` or ``.nii.gz``.

    The file's axes are x, y, z and t. Where the image has an affine (it came from NIfTI
    or DICOM) the labels have the same; else pixel sizes are kept. Lengths are in the
    unit of the image's pixel sizes where NIfTI has it, else in millimetres.

    Raises
    ------
    OutputError
        If there are other axes than these, or ids that the format does not hold.
    """
    nibabel = optional_package("nibabel", "medical", path, "Writing")
    dtype = _dtype(header.largest_id)
    described = _describe(nibabel, header, dtype)
    with atomic_output(path, overwrite=overwrite, keeps=True) as temporary:
        is_packed = path.name.lower().endswith(".gz")
        with temporary.open("wb") as raw, _packed(raw, is_packed) as file:
            described.write_to(file)
            writer = _Planes(file, header, dtype)
            with naming_output(path):
                yield writer
                writer.fill(header.frame_count)


@contextmanager
def _packed(raw: IO[bytes], is_packed: bool) -> Iterator[IO[bytes] | gzip.GzipFile]:
    if not is_packed:
        yield raw
        return
    # No name and no time inside: the same labels are the same bytes.
    with gzip.GzipFile("", "wb", _COMPRESSION_LEVEL, raw, mtime=0) as file:
        yield file


def _dtype(largest_id: int) -> np.dtype[Any]:
    """Return the smallest type that the field's programs all read."""
    for dtype in (np.uint8, np.int16, np.int32):
        if largest_id <= np.iinfo(dtype).max:
            return np.dtype(dtype).newbyteorder("<")
    raise OutputError(
        f"Object {largest_id} cannot be written as NIfTI, which holds ids up to "
        f"{np.iinfo(np.int32).max}: give it a smaller number, or write a TIFF."
    )


def _describe(nibabel: Any, header: ResultHeader, dtype: np.dtype[Any]) -> Any:
    """Make a NIfTI header for the labels."""
    axes = header.axes
    shape, sizes = _shape_and_sizes(axes)
    kind = nibabel.Nifti1Header if max(shape) <= _LARGEST_SIDE else nibabel.Nifti2Header
    described = kind(endianness="<")
    described.set_data_dtype(dtype)
    described.set_data_shape(shape)
    _place(described, header, sizes)
    described.set_slope_inter(1, 0)
    described.set_intent("label", name="napari-sam2")
    described["descrip"] = b"Masks predicted by a model (SAM 2)"
    if header.provenance is not None:
        comment = nibabel.nifti1.Nifti1Extension(
            _COMMENT, header.provenance.as_json().encode()
        )
        described.extensions.append(comment)
    return described


def _place(described: Any, header: ResultHeader, sizes: Sequence[float]) -> None:
    """Say where labels lie, in the space and in the units of their image."""
    affine, codes = np.diag([*sizes[:3], 1.0]), (_ALIGNED, _ALIGNED)
    unit = _unit(header.axes)
    if header.affine is not None:
        affine[:3] = np.array(header.affine) / _IN_MILLIMETRES[unit]
        codes = header.space_codes
    described.set_sform(affine, codes[0])
    described.set_qform(affine, codes[1])
    if not np.allclose(described.get_best_affine(), affine, atol=1e-3):
        described.set_sform(affine, codes[0] or _ALIGNED)  # else it would be lost
    if len(sizes) > 3:
        described.set_zooms((*described.get_zooms()[:3], sizes[3]))
    *_, rows, columns = header.axes
    is_known = {rows.unit, columns.unit} <= _IN_MILLIMETRES.keys()
    is_timed = any(a.name == "t" and a.unit in _IN_SECONDS for a in header.axes)
    described.set_xyzt_units(
        _LENGTHS[unit] if is_known else None, "sec" if is_timed else None
    )


def _unit(axes: Axes) -> str:
    """Return the unit of lengths in the file."""
    *_, rows, columns = axes
    is_kept = rows.unit == columns.unit and rows.unit in _LENGTHS
    return rows.unit if is_kept else "millimeter"


def _length(axis: Axis, unit: str) -> float:
    """Return the step along an axis in a unit; as it is where its own is not known."""
    if axis.unit == unit or axis.unit not in _IN_MILLIMETRES:
        return axis.scale
    return axis.scale * _IN_MILLIMETRES[axis.unit] / _IN_MILLIMETRES[unit]


def _shape_and_sizes(axes: Axes) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return lengths and pixel sizes along x, y, z and t, as far as there are any.

    What is neither slices nor time is taken for slices; of two such, the first for
    time.
    """
    *leading, rows, columns = axes
    names = _names(leading)
    if len(leading) > 2 or (len(leading) == 2 and names != ["t", "z"]):
        listed = ", ".join(map(str, axes))
        raise OutputError(
            f"NIfTI holds X, Y, Z and T, and the labels have {listed}: write OME-Zarr."
        )
    space = [
        columns,
        rows,
        *(axis for axis, name in zip(leading, names, strict=True) if name != "t"),
    ]
    shape = [axis.size for axis in space]
    sizes = [_length(axis, _unit(axes)) for axis in space]
    if "t" in names:
        time = leading[0]
        shape += [1] * (3 - len(shape)) + [time.size]
        sizes += [1.0] * (3 - len(sizes))
        sizes.append(time.scale * _IN_SECONDS.get(time.unit, 1.0))
    return tuple(shape), (*sizes, *[1.0] * (3 - len(sizes)))


def _names(leading: Sequence[Axis]) -> list[str]:
    """Name axes before rows and columns; two whose names say nothing are T and Z."""
    names = [axis.name for axis in leading]
    if len(names) != 2 or "c" in names:
        return names
    free = [name for name in _SLOWEST_FIRST if name not in names]
    return [name if name in _SLOWEST_FIRST else free.pop(0) for name in names]
