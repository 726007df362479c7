"""The table of results: one row per object and frame, as CSV."""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import OutputError
from napari_sam2.core.units import unit_symbol
from napari_sam2.io.output import naming_output, saved_at_end
from napari_sam2.io.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes
    from napari_sam2.core.results import FrameResult, MaskResult

_COLUMNS = (
    "frame", "object", "name", "area", "centroid_y", "centroid_x", "y0", "x0", "y1",
    "x1", "predicted_iou", "object_logit", "mean_intensity",
)  # fmt: skip


class TableWriter:
    """Takes results in any order and keeps one row per object and frame.

    Made by :func:`open_table_writer`.
    """

    def __init__(
        self, path: Path, names: Mapping[int, str], axes: Axes | None = None
    ) -> None:
        self._path = path
        self._names = names
        self._area_name, self._pixel_area = _calibration(axes)
        self._spool = Spool(path.parent)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns; a calibrated area when the pixel size is known."""
        return (*_COLUMNS, self._area_name) if self._area_name else _COLUMNS

    def write(self, result: FrameResult, pixels: npt.NDArray[Any]) -> None:
        """Add one row for every object of a frame, replacing earlier rows of these.

        Parameters
        ----------
        result : FrameResult
            The objects; absent ones get a row with area 0.
        pixels : ndarray, shape (H, W) or (H, W, 3)
            The frame as it was read, for the mean intensity over all its channels;
            pixels that are not finite do not count.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        if not result.objects:
            return
        rows = self._rows(result.frame)
        rows |= {o.object_id: _csv(self._row(o, pixels)) for o in result.objects}
        text = "".join(rows[object_id] for object_id in sorted(rows))
        with naming_output(self._path):
            self._spool.put(result.frame, text.encode())

    def save(self, path: Path) -> None:
        """Write everything, ordered by frame and object."""
        with path.open("wb") as file:
            file.write(_csv(list(self.columns)).encode())
            for frame in self._spool.keys():  # noqa: SIM118 (a Spool is no mapping)
                file.write(self._spool.get(frame))

    def close(self) -> None:
        """Throw away what was kept."""
        self._spool.close()

    def _rows(self, frame: int) -> dict[int, str]:
        """Return the rows of a frame so far, by object."""
        if frame not in self._spool:
            return {}
        text = io.StringIO(self._spool.get(frame).decode(), newline="")
        return {int(row[1]): _csv(row) for row in csv.reader(text)}

    def _row(self, result: MaskResult, pixels: npt.NDArray[Any]) -> list[str]:
        area, centroid, box = result.area, result.centroid_yx, result.box_yxyx
        row = [str(result.frame), str(result.object_id)]
        row += [self._names.get(result.object_id, ""), str(area)]
        row += [f"{c:.3f}" for c in centroid] if centroid else ["", ""]
        row += [str(c) for c in box] if box else [""] * 4
        row += [_decimal(result.predicted_iou), _decimal(result.object_logit)]
        row.append(_decimal(_mean(pixels[result.slices][result.crop])))
        return [*row, f"{area * self._pixel_area:.6g}"] if self._area_name else row


@contextmanager
def open_table_writer(
    path: str | Path,
    names: Mapping[int, str] | None = None,
    axes: Axes | None = None,
    *,
    overwrite: bool = False,
) -> Iterator[TableWriter]:
    """Write a table that appears, complete, when the block ends without error.

    Parameters
    ----------
    path : str or Path
        The ``.csv`` file to write.
    names : mapping of int to str, optional
        Names of objects, by id.
    axes : tuple of Axis, optional
        Frames, rows and columns, as ``StackFrames.axes``: where rows and columns have
        the same unit, the area is given in it too, in a column such as ``area_um2``.
    overwrite : bool, optional
        Whether a file that is there may be replaced.

    Raises
    ------
    OutputError
        Before the block runs if the file exists or cannot be written; when the disk is
        full, in the block or at its end. The file that was there is untouched.
    """
    path = Path(path)
    if path.suffix.lower() != ".csv":
        raise OutputError(f"The table is written as CSV: {path} must end in .csv.")
    with saved_at_end(
        path, lambda: TableWriter(path, names or {}, axes), overwrite=overwrite
    ) as writer:
        yield writer


def _calibration(axes: Axes | None) -> tuple[str, float]:
    """Return the column and the area of a pixel; no column when it is not known."""
    if axes is None or not axes[1].unit or axes[1].unit != axes[2].unit:
        return "", 1.0
    symbol = unit_symbol(axes[1].unit).replace("µ", "u").replace("Å", "angstrom")
    return f"area_{symbol}2", axes[1].scale * axes[2].scale


def _mean(values: npt.NDArray[Any]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean(dtype=np.float64)) if finite.size else float("nan")


def _decimal(value: float) -> str:
    return f"{value:.6g}" if np.isfinite(value) else ""


def _csv(row: list[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()
