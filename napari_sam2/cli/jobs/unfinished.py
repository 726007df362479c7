"""Where a job keeps what is finished, and what has to be the same to go on with it."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import napari_sam2
from napari_sam2.control.volumes.sight import axes_of
from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.unfinished import (
    run_folder,
    unfinished_folder,
    written_before,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from napari_sam2.cli.jobs.job import Job
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.io.files.unfinished import RunFolder


def run_folder_of(job: Job, frames: FrameSource) -> AbstractContextManager[RunFolder]:
    """Give the folder for what is finished of a job, as :func:`run_folder` does.

    Parameters
    ----------
    job : Job
    frames : FrameSource
        All frames of the job; none of them is read.

    Raises
    ------
    OutputError
        If a run that broke off lies there, and cannot, or shall not, be gone on with.
    """
    return run_folder(
        job.outputs.labels,
        _depends_on(job, frames),
        is_resumed=job.is_resumed,
    )


def kept_in(folder: Path) -> str:
    """Say where what is finished is kept, and how to go on."""
    return (
        f"What is finished is kept in {folder}: the same command with --resume goes on "
        "from there."
    )


def replacing_its_own(job: Job) -> Job:
    """Return a job that may replace what it wrote itself when it broke off before.

    Raises
    ------
    OutputError
        If something else is there by now.
    """
    if job.outputs.overwrite or not job.is_resumed:
        return job
    its_own = written_before(job.outputs.labels)
    if not its_own:
        _check_begins_anew(job)
        return job
    for one in job.outputs.written:
        if os.path.lexists(one) and not its_own.get(one.absolute()):
            raise OutputError(
                f"{one} is not what the run that broke off has written: add "
                "--overwrite to replace it, or choose another name."
            )
    return replace(job, outputs=replace(job.outputs, overwrite=True))


def _check_begins_anew(job: Job) -> None:
    """Say that there is nothing to go on with where that would replace results."""
    if os.path.lexists(unfinished_folder(job.outputs.labels)):
        return
    for one in job.outputs.written:
        if os.path.lexists(one):
            raise OutputError(
                "There is no run to go on with: it came to its end, or was stopped in "
                f"its first minute. {one} exists: begin anew with --overwrite in place "
                "of --resume, or choose another name."
            )


def _depends_on(job: Job, frames: FrameSource) -> dict[str, Any]:
    """Return what the results depend on, by what to call it when it differs."""
    made, layout = job.provenance, job.frames.layout
    along = job.positions.indices
    return {
        "other axes": {
            "--axis": [layout.frame, *layout.plane],
            "--axes": [axes_of(frames) for frames in job.fused],
            "--at": [one for one in layout.fixed if one[0] not in along],
            "--every": [str(span) for span in job.positions.visited],
        },
        "another image": {
            "size": (len(frames), *frames.shape_hw), "type": frames.dtype.name
        },
        "another model": {
            "--model": None if made is None else made.model_sha256,
            "--image-size": job.image_size,
            "--quality": asdict(job.quality),
        },
        "other prompts": [] if made is None else list(made.prompts),
        "other settings": _settings(job),
        "another version of napari-sam2": napari_sam2.__version__,
    }  # fmt: skip


def _settings(job: Job) -> dict[str, Any]:
    return {
        "--seed": job.seed,
        "--direction": job.direction,
        "--frames": str(job.span),
        "--limits": None if job.limits is None else asdict(job.limits),
        "--channels": job.frames.channels,
        "--window": job.window,
        "--correct-bleaching": job.corrects_bleaching,
    }
