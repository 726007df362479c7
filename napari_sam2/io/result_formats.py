"""All formats of results, for the command line and the window alike."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import OutputError
from napari_sam2.core.frames import channel_labels
from napari_sam2.io.label_writer import LabelWriter, open_label_writer
from napari_sam2.io.output import atomic_output, check_output
from napari_sam2.io.result_format import ResultFormat, ResultHeader
from napari_sam2.io.table import TableWriter, open_table_writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from napari_sam2.core.frames import FrameSource
    from napari_sam2.core.provenance import Provenance
    from napari_sam2.core.results import FrameResult


@dataclass(frozen=True, slots=True)
class _Labels:
    writer: LabelWriter

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        self.writer.write(result.frame, labels)


@dataclass(frozen=True, slots=True)
class _Table:
    writer: TableWriter
    frames: FrameSource

    def write(self, result: FrameResult, labels: npt.NDArray[Any]) -> None:
        self.writer.write(result, self.frames[result.frame])


@contextmanager
def _open_labels(
    path: Path, header: ResultHeader, *, overwrite: bool
) -> Iterator[_Labels]:
    with open_label_writer(
        path,
        header.shape_hw,
        header.frame_count,
        header.axes,
        largest_id=header.largest_id,
        overwrite=overwrite,
        provenance=header.provenance,
    ) as writer:
        yield _Labels(writer)


@contextmanager
def _open_table(
    path: Path, header: ResultHeader, *, overwrite: bool
) -> Iterator[_Table]:
    assert header.frames is not None, "a table measures the image"
    with ExitStack() as both:
        both.enter_context(
            provenance_beside(path, header.provenance, overwrite=overwrite)
        )
        names, axes = header.names, header.axes
        channels = channel_labels(header.frames)
        table = open_table_writer(path, names, axes, channels, overwrite=overwrite)
        yield _Table(both.enter_context(table), header.frames)


@contextmanager
def provenance_beside(
    path: Path, provenance: Provenance | None, *, overwrite: bool
) -> Iterator[None]:
    """Write the provenance to ``NAME.EXT.json`` when the block was done.

    For formats that cannot hold it: comments in a CSV break half of its readers.
    """
    if provenance is None:
        yield
        return
    beside = path.with_name(path.name + ".json")
    check_output(beside, overwrite=overwrite)
    yield
    with atomic_output(beside, overwrite=overwrite) as temporary:
        temporary.write_text(provenance.as_json() + "\n", "utf-8")


RESULT_FORMATS: tuple[ResultFormat, ...] = (
    ResultFormat(
        "labels-tiff",
        "label stack as OME-TIFF: 0 is background, other values are objects",
        (".tif", ".tiff"),
        _open_labels,
    ),
    ResultFormat(
        "csv",
        "table of every object on every frame: area, position, confidence, intensity",
        (".csv",),
        _open_table,
        needs_image=True,
    ),
)


def find_result_format(name: str) -> ResultFormat:
    """Return a format by its name.

    Raises
    ------
    OutputError
        If there is none; the message lists all.
    """
    for one in RESULT_FORMATS:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in RESULT_FORMATS)
    raise OutputError(f"There is no format {name}: choose one of {known}.")


def guess_result_format(path: Path) -> ResultFormat:
    """Return the first format whose files end like ``path``.

    Raises
    ------
    OutputError
        If there is none.
    """
    for one in RESULT_FORMATS:
        if path.name.lower().endswith(one.suffixes):
            return one
    known = ", ".join(one.name for one in RESULT_FORMATS)
    raise OutputError(
        f"The ending of {path} is that of no format: say which with --format: {known}."
    )
