"""The table of results: one row per object and frame, as CSV."""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.output import naming_output, saved_at_end
from napari_sam2.io.files.spool import Spool
from napari_sam2.io.writing.measurements import Measurer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from napari_sam2.core.axes import Axes
    from napari_sam2.core.results import FrameResult


class TableWriter:
    """Takes results in any order and keeps one row per object and frame.

    Made by :func:`open_table_writer`.
    """

    def __init__(
        self, path: Path, names: Mapping[int, str], measurer: Measurer
    ) -> None:
        self._path = path
        self._names = names
        self._measurer = measurer
        self._spool = Spool(path.parent)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(one.name for one in self._measurer.columns)

    def write(self, result: FrameResult, pixels: npt.NDArray[Any]) -> None:
        """Add one row for every object of a frame, replacing earlier rows of these.

        Parameters
        ----------
        result : FrameResult
            The objects; absent ones get a row with area 0.
        pixels : ndarray, shape (H, W) or (H, W, C)
            The frame as it was read; pixels that are not finite do not count.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        if not result.objects:
            return
        rows = self._rows(result.frame)
        for row in self._measurer.measure(result, pixels):
            cells = self._measurer.as_text(row, self._names)
            rows[int(row["object"])] = _csv(cells)
        text = "".join(rows[object_id] for object_id in sorted(rows))
        with naming_output(self._path):
            self._spool.put(result.frame, text.encode(errors="replace"))

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
        which = self.columns.index("object")
        return {int(row[which]): _csv(row) for row in csv.reader(text)}


@contextmanager
def open_table_writer(
    path: str | Path,
    names: Mapping[int, str] | None = None,
    axes: Axes | None = None,
    channels: tuple[str, ...] = (),
    times: Sequence[float] | None = None,
    *,
    parents: Mapping[int, int] | None = None,
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
        the same unit, area and centre are given in it too, in columns such as
        ``area_um2``. Axes of positions may come first; see ``Measurer``.
    channels : tuple of str, optional
        Names of the image's channels, for intensities, as
        :func:`napari_sam2.core.frames.source.channel_labels` gives them; none for grey.
    times : sequence of float, optional
        When each frame is shown, as :func:`napari_sam2.core.frames.times.frame_times`
        gives it; by default they follow each other evenly.
    parents : mapping of int to int, optional
        Of those objects that came of one that divided.
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
    measurer = Measurer(axes, channels, times, parents or {})
    with saved_at_end(
        path, lambda: TableWriter(path, names or {}, measurer), overwrite=overwrite
    ) as writer:
        yield writer


def _csv(row: list[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()
