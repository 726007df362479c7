"""From a job to the work at every position."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.control.volumes.stack_work import stack_work

if TYPE_CHECKING:
    from pathlib import Path

    from napari_sam2.cli.jobs.job import Job
    from napari_sam2.control.ports import Tracker
    from napari_sam2.control.positions.following import PositionWork
    from napari_sam2.control.volumes.sight import Sight
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.engine.network import Network


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
