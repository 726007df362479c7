"""The files that a job writes, opened: nothing is in place before all of it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.frames.source import channel_labels
from napari_sam2.core.frames.times import frame_times
from napari_sam2.io.pictures.overlay import write_overlay
from napari_sam2.io.writing.beside import provenance_beside
from napari_sam2.io.writing.overlay_result import shown_rate
from napari_sam2.io.writing.table import TableWriter, open_table_writer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager, ExitStack
    from pathlib import Path

    from napari_sam2.cli.jobs.job import Job
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.io.files.finished import FinishedFrames
    from napari_sam2.io.writing.result_format import ResultWriter


def open_labels(job: Job) -> AbstractContextManager[ResultWriter]:
    """Open the labels, which lie in the file as the stack does in its own.

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    chosen, overwrite = job.outputs.result_format, job.outputs.overwrite
    return chosen.open(job.outputs.labels, job.header, overwrite=overwrite)


def open_table(job: Job, later: ExitStack) -> TableWriter | None:
    """Open the table, if one is asked for; it is complete when ``later`` is closed.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path, overwrite = job.outputs.table, job.outputs.overwrite
    if path is None:
        return None
    later.enter_context(provenance_beside(path, job.provenance, overwrite=overwrite))
    frames = job.header.frames
    assert frames is not None, "a job has an image"
    table = open_table_writer(
        path,
        job.request.names,
        job.result_axes,
        channel_labels(frames),
        frame_times(frames),
        overwrite=overwrite,
    )
    return later.enter_context(table)


def draw_overlay(
    path: Path,
    job: Job,
    seen: FrameSource,
    limits: IntensityLimits,
    finished: FinishedFrames,
) -> None:
    """Draw masks over the frames as the model saw them."""
    write_overlay(
        path,
        seen,
        finished.__getitem__,
        limits,
        shown=finished.frames,
        fps=shown_rate(job.frames.axes),
        note=job.provenance.as_json() if job.provenance else "",
        overwrite=job.outputs.overwrite,
    )
