"""From a job to the work at every position: what the model sees, what it depends on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

import napari_sam2
from napari_sam2.control.fusing import AcrossAxes, Orientation
from napari_sam2.control.positions import AlongFrames, PositionWork
from napari_sam2.core.bleaching import find_fading, steady
from napari_sam2.core.intensity import as_limits, estimate_limits
from napari_sam2.core.position_frames import AllFrames, TimeSeries
from napari_sam2.io.output import naming_output
from napari_sam2.io.placing import frames_at
from napari_sam2.io.position_files import PositionFiles
from napari_sam2.project.image import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_sam2.cli.job import Job
    from napari_sam2.control.ports import Tracker
    from napari_sam2.core.bleaching import Fading
    from napari_sam2.core.frames import FrameSource
    from napari_sam2.core.intensity import IntensityLimits
    from napari_sam2.core.positions import Position
    from napari_sam2.engine.network import Network
    from napari_sam2.io.stack import StackFrames


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """How the model sees the stack: alike at every position.

    Attributes
    ----------
    job : Job
    fading : tuple of Fading
        Of each channel over time; none where it is left as it is.
    limits : IntensityLimits
        Of the whole stack.
    """

    job: Job
    fading: tuple[Fading, ...]
    limits: IntensityLimits

    def along(self, frames: StackFrames) -> Callable[[Position], FrameSource]:
        """Return what opens frames along an axis, as the model sees them."""
        positions, series = self.job.positions, _series(self.job)

        def open_frames(position: Position) -> FrameSource:
            there = frames_at(frames, positions, position)
            return steady(there, self.fading, series.time_of(position))

        return open_frames


def look(job: Job) -> Sight:
    """Estimate once, for the whole stack, what is black and white and how it fades.

    Raises
    ------
    StackError
        If colour pictures are to be corrected for bleaching.
    FrameError
        If none of the frames can be read.
    """
    fading = find_fading(_series(job)) if job.corrects_bleaching else ()
    if job.limits is not None:
        return Sight(job, fading, job.limits)
    unlimited = Sight(job, fading, as_limits(0, 1))
    everything = AllFrames(job.positions, unlimited.along(job.frames))
    return Sight(job, fading, estimate_limits(everything))


def work_on(sight: Sight, model: Network, folder: Path) -> PositionWork:
    """Return the work that a job is.

    Parameters
    ----------
    sight : Sight
    model : Network
    folder : Path
        For what is finished along each axis, where several are fused.
    """
    from napari_sam2.engine.options import TrackerOptions  # torch takes seconds
    from napari_sam2.engine.tracker import VideoTracker
    from napari_sam2.engine.window import WindowOptions

    job = sight.job
    window = WindowOptions(mode=job.window)
    options = TrackerOptions(window=window, keeps_probabilities=bool(job.fused))

    def make_tracker(frames: FrameSource) -> Tracker:
        made = VideoTracker(model, frames, limits=sight.limits, options=options)
        return cast("Tracker", made)  # its runs are generators, typed as iterators

    open_frames = sight.along(job.frames)
    course = make_tracker, job.direction, job.span
    return PositionWork(
        positions=job.positions,
        prompts=job.request.by_position,
        open_frames=open_frames,
        make_tracker=make_tracker,
        segment=AcrossAxes(_orientations(sight, folder), *course)
        if job.fused
        else AlongFrames(open_frames, *course),
        seed=job.seed,
    )


def _orientations(sight: Sight, folder: Path) -> tuple[Orientation, ...]:
    job = sight.job
    first = _order(job.frames)
    found = []
    for frames in job.fused:
        order, name = _order(frames), frames.axes[0].name
        kept = folder / f"along-{name}"
        with naming_output(kept):
            kept.mkdir(exist_ok=True)
        dims = first.index(order[0]), first.index(order[1]), first.index(order[2])
        store = PositionFiles(kept, job.positions, frames.shape_hw)
        found.append(Orientation(name, dims, sight.along(frames), store))
    return tuple(found)


def _order(frames: StackFrames) -> tuple[int | None, int, int]:
    """Return the axes of the stack that frames, rows and columns are."""
    return frames.layout.frame, *frames.layout.plane


def depends_on(job: Job) -> dict[str, Any]:
    """Return everything that the results depend on, by what to call it when it differs.

    Raises
    ------
    FrameError
        If one of the frames that stand for the image cannot be read.
    """
    image = fingerprint(AllFrames(job.positions, job.frames_at), job.frames.stack.path)
    made, layout = job.provenance, job.frames.layout
    along = job.positions.indices
    return {
        "other axes": {
            "--axis": [layout.frame, *layout.plane],
            "--axes": [_order(frames) for frames in job.fused],
            "--at": [one for one in layout.fixed if one[0] not in along],
            "--every": [str(span) for span in job.positions.visited],
        },
        "another image": {
            "size": image.shape, "type": image.dtype, "pixels": image.pixels,
        },
        "another model": {
            "--model": None if made is None else made.model_sha256,
            "--image-size": job.image_size,
        },
        "other prompts": [] if made is None else list(made.prompts),
        "other settings": {
            "--seed": job.seed,
            "--direction": job.direction,
            "--frames": str(job.span),
            "--limits": None if job.limits is None else asdict(job.limits),
            "--channels": job.frames.channels,
            "--window": job.window,
            "--correct-bleaching": job.corrects_bleaching,
        },
        "another version of napari-sam2": napari_sam2.__version__,
    }  # fmt: skip


def _series(job: Job) -> TimeSeries:
    return TimeSeries(job.positions, job.frames_at)
