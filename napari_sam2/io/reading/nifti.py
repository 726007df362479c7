"""NIfTI volumes and gzipped ones, slice by slice, through the optional ``nibabel``."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.axes import Axes, Axis
from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.lazy_array import LazyArray
from napari_sam2.core.units import unit_name
from napari_sam2.io.extras import optional_package
from napari_sam2.io.reading.inflated import InflatedFile
from napari_sam2.io.reading.opened import Affine, Opened, SpaceCodes, as_affine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

# NIfTI's own names for its first four axes; the fifth holds vectors.
_NAMES = "xyztc"
_MILLIMETRES = {"meter": 1e3, "micron": 1e-3}
# Headers round: sizes that differ by less, of one part, are the same.
_SAME_SIZE = 1e-2
_TIME_UNITS = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}


class NiftiArray(LazyArray):
    """The pixels of a NIfTI file, read and scaled where they are asked for.

    Parameters
    ----------
    path : Path
    stored : nibabel.arrayproxy.ArrayProxy
        Knows where the pixels begin, their type, shape, slope and intercept.
    """

    def __init__(self, path: Path, stored: Any) -> None:
        self.shape = tuple(int(size) for size in stored.shape)
        self._stored: np.dtype[Any] = np.dtype(stored.dtype)
        self._slope, self._intercept = float(stored.slope), float(stored.inter)
        self._offset = int(stored.offset)
        self._lock = threading.Lock()
        self._inflated = (
            self._gzipped(path) if path.name.lower().endswith("gz") else None
        )
        self._raw = self._map(path)
        if self._stored.names:  # a colour is a record of three or four bytes
            self.shape = (*self.shape, len(self._stored.names))
        self._is_scaled = (self._slope, self._intercept) != (1.0, 0.0)
        self._is_scaled &= not self._stored.names
        self.dtype: np.dtype[Any] = np.dtype(
            np.float32 if self._is_scaled else self._raw.dtype.newbyteorder("=")
        )

    def _gzipped(self, path: Path) -> InflatedFile:
        size = self._stored.itemsize * math.prod(self.shape)
        return InflatedFile(path, self._offset + size)

    def _map(self, path: Path) -> npt.NDArray[Any]:
        """Map the stored pixels, without reading them; colours as a last axis."""
        file = path if self._inflated is None else self._inflated.file
        mapped = np.memmap(file, self._stored, "r", self._offset, self.shape, "F")
        if not self._stored.names:
            return mapped
        samples = mapped.T.view(np.uint8).reshape(*self.shape[::-1], -1)
        return np.moveaxis(samples, -1, 0).T

    def __getitem__(self, key: Any, /) -> npt.NDArray[Any]:
        """Read a part, in the values that the file's slope and intercept give."""
        keys = self.one_key_per_axis(key)
        if self._inflated is not None:
            with self._lock:
                self._inflated.inflate(self._offset + self._end(keys))
        part = self._raw[keys]
        if not self._is_scaled:
            return np.array(part, self.dtype)
        scaled = np.asarray(part, np.float64) * self._slope + self._intercept
        return scaled.astype(np.float32)

    def _end(self, keys: tuple[int | slice, ...]) -> int:
        """Return the byte behind the last one of a part: slices lie one by one."""
        spatial = self.shape[:-1] if self._stored.names else self.shape
        last = [size - 1 for size in spatial]
        for axis, (one, size) in enumerate(zip(keys, spatial, strict=False)):
            picked = range(size)[one]
            last[axis] = max(picked, default=0) if isinstance(picked, range) else picked
        index = int(np.ravel_multi_index(last, spatial, order="F"))
        return (index + 1) * self._stored.itemsize

    def close(self) -> None:
        """Release the temporary file of a gzipped one."""
        if self._inflated is not None:
            self._inflated.close()


def open_nifti(path: Path) -> Opened:
    """Open a ``.nii`` or ``.nii.gz`` file; its header is read, its pixels are not.

    Axes are X, Y, Z and T in the file's own order, so that masks can be written back
    into the same space.

    Raises
    ------
    MissingExtraError
        If ``nibabel`` is not installed.
    StackError
        If it is no NIfTI file, or smaller than its header says.
    """
    nibabel = optional_package("nibabel", "medical", path)
    image = nibabel.load(path)
    header = image.header
    if not isinstance(header, nibabel.Nifti1Header):
        raise StackError(f"{path} is {type(image).__name__}, not NIfTI: convert it.")
    array = NiftiArray(path, image.dataobj)
    sizes, notices = _sizes(path, header, image.affine)
    return Opened(
        array,
        _axes(header, array.shape, sizes),
        _affine(header, image.affine),
        notices,
        space_codes=_space_codes(header),
    )


def _sizes(
    path: Path, header: Any, matrix: npt.NDArray[Any] | None
) -> tuple[list[float], tuple[str, ...]]:
    """Return the sizes of voxels, those of the affine where the header has two."""
    sizes = [abs(float(size)) for size in header.get_zooms()]
    if matrix is None:
        return sizes, ()
    own = sizes[:3]
    placed = [float(size) for size in np.linalg.norm(matrix[:3, : len(own)], axis=0)]
    is_known = all(math.isfinite(size) and size > 0 for size in placed)
    if not is_known or np.allclose(own, placed, rtol=_SAME_SIZE, atol=0):
        return sizes, ()
    both = " and ".join(" × ".join(f"{s:.4g}" for s in one) for one in (own, placed))
    return [*placed, *sizes[3:]], (
        f"The header of {path} has two sizes of voxels, {both}. The latter are taken, "
        "for they say where the volume lies.",
    )


def _axes(header: Any, shape: tuple[int, ...], sizes: Sequence[float]) -> Axes:
    space, time = header.get_xyzt_units()
    axes = []
    for number, length in enumerate(header.get_data_shape()):
        name = _NAMES[number] if number < len(_NAMES) else "q"
        size = sizes[number] if math.isfinite(sizes[number]) else 0.0
        unit = unit_name(space) if name in "xyz" else ""
        if name == "t" and time in _TIME_UNITS:
            size, unit = size * _TIME_UNITS[time], "second"
        is_known = size > 0 and name in "xyzt"
        axes.append(Axis(name, int(length), size if is_known else 1.0, unit))
    colours = [Axis("s", size) for size in shape[len(axes) :]]
    return (*axes, *colours)


def _affine(header: Any, matrix: npt.NDArray[Any] | None) -> Affine | None:
    """Return the first three rows in millimetres; None where a header has nonsense."""
    if matrix is None or not np.isfinite(matrix).all():
        return None
    in_millimetres = matrix[:3] * _MILLIMETRES.get(header.get_xyzt_units()[0], 1.0)
    return as_affine(in_millimetres)


def _space_codes(header: Any) -> SpaceCodes:
    """Return the codes of sform and qform; 0 for a qform that leads elsewhere."""
    sform, qform = int(header["sform_code"]), int(header["qform_code"])
    if sform and qform:
        is_same = np.allclose(header.get_sform(), header.get_qform(), atol=1e-3)
        return sform, qform if is_same else 0
    return sform, qform
