"""From a job to the work at every position, and what its results depend on."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import napari_sam2
from napari_sam2.control.sight import axes_of
from napari_sam2.control.stack_work import stack_work
from napari_sam2.core.errors import FrameError
from napari_sam2.core.position_frames import AllFrames
from napari_sam2.project.image import fingerprint, glance

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.cli.job import Job
    from napari_sam2.control.ports import Tracker
    from napari_sam2.control.positions import PositionWork
    from napari_sam2.control.sight import Sight
    from napari_sam2.core.frames import FrameSource
    from napari_sam2.core.intensity import IntensityLimits
    from napari_sam2.engine.network import Network
    from napari_sam2.project.values import Fingerprint


def work_on(job: Job, sight: Sight, model: Network, folder: Path) -> PositionWork:
    """Return the work that a job is.

    Parameters
    ----------
    job : Job
    sight : Sight
        What the model sees.
    model : Network
    folder : Path
        For what is finished along each axis, where several are fused.
    """
    # Here, as torch takes seconds.
    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.tracker import VideoTracker

    options = replace(
        TrackerOptions.chosen(job.window, job.quality),
        keeps_probabilities=bool(job.fused),
    )

    def make_tracker(frames: FrameSource, *, limits: IntensityLimits) -> Tracker:
        # The frames are corrected for bleaching already, alike at all positions.
        made = VideoTracker(model, frames, limits=limits, options=options)
        return made

    return stack_work(
        sight,
        job.request.by_position,
        make_tracker,
        folder,
        fused=job.fused,
        direction=job.direction,
        frames=job.span,
        seed=job.seed,
    )


def depends_on(job: Job) -> dict[str, Any]:
    """Return what the results depend on, by what to call it when it differs."""
    image = _fingerprint(job)
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
            "size": image.shape, "type": image.dtype,
            "pixels": image.pixels or image.mtime_ns,
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


def _fingerprint(job: Job) -> Fingerprint:
    """Describe the image; by its date if a frame that stands for it is damaged."""
    frames, path = AllFrames(job.positions, job.frames_at), job.frames.stack.path
    try:
        return fingerprint(frames, path)
    except FrameError:
        return glance(frames, path)
