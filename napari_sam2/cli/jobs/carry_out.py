"""Doing a job: it is checked, the model loaded, the run made, all written."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.cli.jobs.begun import (
    SeenFiles,
    keep_estimates,
    kept_estimates,
    say_missed,
    settle_precision,
)
from napari_sam2.cli.jobs.course import Course, describe_finished, follow
from napari_sam2.cli.jobs.journal_writer import JournalWriter
from napari_sam2.cli.jobs.outputs import draw_overlay, open_labels, open_table
from napari_sam2.cli.jobs.unfinished import kept_in, replacing_its_own, run_folder_of
from napari_sam2.core.errors import OutputError
from napari_sam2.core.frames.bleaching import find_fading, steady
from napari_sam2.core.frames.intensity import estimate_limits
from napari_sam2.core.frames.recent import RecentFrames
from napari_sam2.io.files.finished import FinishedFrames
from napari_sam2.io.files.run_journal import RunJournal
from napari_sam2.io.files.unfinished import holds_results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from napari_sam2.cli.jobs.job import Job
    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.results import FrameResult
    from napari_sam2.engine.network import Network
    from napari_sam2.engine.tracker import VideoTracker
    from napari_sam2.io.files.unfinished import RunFolder
    from napari_sam2.io.writing.result_format import ResultWriter
    from napari_sam2.io.writing.table import TableWriter


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job.

    Attributes
    ----------
    course : Course
        How the run went.
    frames : tuple of int
        Frames on which something was computed.
    finished : str
        Which frames are finished, in words; empty when all are.
    kept : str
        How to go on with a run that broke off, in words; empty when it was short.
    """

    course: Course
    frames: tuple[int, ...]
    finished: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class _Collected:
    """Takes each frame's results as they come: into the table and memory."""

    source: FrameSource
    finished: FinishedFrames
    table: TableWriter | None

    def take(self, result: FrameResult) -> None:
        """Keep the results of a frame with those it had before."""
        result = self.finished.add(result)
        if self.table is not None:
            self.table.write(result, self.source[result.frame])


def carry_out(job: Job, load: Callable[[], Network]) -> Outcome:
    """Do a job: check it, load the model, track, and write what was asked for.

    Parameters
    ----------
    job : Job
        What to do.
    load : callable
        Returns the model; called when everything else is known to be in order.

    Raises
    ------
    Sam2Error
        If nothing could be done, and nothing was written; or if an output could not be
        written after others were, which the message then says.
    KeyboardInterrupt
        If the user stopped it before the first frame was finished, or did not wait
        until all was written.
    """
    job = replacing_its_own(job)
    job.check()
    say_missed(job)
    frames = _shared_frames(job)
    with run_folder_of(job, frames) as run, _naming(run.path):
        files = SeenFiles(run, job.inputs)
        seen, limits = _look(job, frames, run)
        model = load()
        job = job.settled(limits, settle_precision(run, model.precision))
        tracker = _prompted_tracker(job, seen, model)
        return _carry_out(job, frames, tracker, run, files)


def _look(
    job: Job, frames: FrameSource, run: RunFolder
) -> tuple[FrameSource, IntensityLimits]:
    """Return frames as the model sees them, and what it sees as black and white."""
    kept = kept_estimates(run)
    fading = kept.fading
    if fading is None:
        fading = find_fading(frames) if job.corrects_bleaching else ()
    seen = steady(frames, fading)
    limits = kept.limits or job.limits or estimate_limits(seen)
    keep_estimates(run, limits, fading)
    return seen, limits


def _shared_frames(job: Job) -> RecentFrames:
    """Return the frames for all that read them while the tracker reads ahead.

    What a table measures, or an overlay shows, the tracker has just seen.
    """
    if job.outputs.table is None and not job.outputs.overlays:
        return RecentFrames(job.frames, most_bytes=0)
    return RecentFrames(job.frames)


def _carry_out(
    job: Job,
    frames: FrameSource,
    tracker: VideoTracker,
    run: RunFolder,
    files: SeenFiles,
) -> Outcome:
    shape_hw, folder = job.frames.shape_hw, job.outputs.labels.parent
    with closing(FinishedFrames(folder, shape_hw)) as finished, ExitStack() as later:
        table = open_table(job, later)
        with open_labels(job) as labels:
            journal = JournalWriter(run, RunJournal(run.path, shape_hw), tracker, files)
            collected = _Collected(frames, finished, table)
            course = _follow(job, tracker, journal, collected)
            _check_begun(course, finished)
            is_kept = not course.is_complete and journal.finish()
            _write_labels(labels, finished)
        run.is_left = is_kept
        overlays = _drawing(job, tracker, finished)
        with _despite(job.outputs.labels):
            _write_others(run, job.outputs.written, (later.close, *overlays))
        return _outcome(course, finished, kept_in(run.path) if is_kept else "")


def _drawing(
    job: Job, tracker: VideoTracker, finished: FinishedFrames
) -> Iterator[Callable[[], None]]:
    """Return what draws each overlay."""
    seen = tracker.frames, tracker.limits
    return (
        partial(draw_overlay, path, job, *seen, finished)
        for path in job.outputs.overlays
    )


def _write_others(
    run: RunFolder, outputs: tuple[Path, ...], writing: Iterable[Callable[[], None]]
) -> None:
    """Write what comes after the labels, and note each time which outputs are there.

    Overlays take minutes, and the machine may go down meanwhile.
    """
    run.note_written(outputs)
    for write in writing:
        try:
            write()
        finally:
            run.note_written(outputs)


def _follow(
    job: Job, tracker: VideoTracker, journal: JournalWriter, collected: _Collected
) -> Course:
    """Follow the objects from where the run is; collect and keep what is found."""
    done = journal.take_up(collected.take)

    def take(result: FrameResult) -> None:
        journal.add(result)  # first, as it counts as done whatever the table says
        collected.take(result)

    return follow(job, tracker, take, done)


@contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """Say what is kept of a run when it fails altogether."""
    try:
        yield
    except KeyboardInterrupt as stop:
        if not holds_results(folder):
            raise
        said = str(stop) or "Stopped."
        raise KeyboardInterrupt(f"{said} {kept_in(folder)}") from None
    except OutputError as error:
        if not holds_results(folder):
            raise
        said = f"{error} {kept_in(folder)}"
        raise OutputError(said, example=error.example) from error


def _write_labels(labels: ResultWriter, finished: FinishedFrames) -> None:
    """Write the frames in order; they were computed in any."""
    for frame in finished.frames:
        result = finished[frame]
        labels.write(result, result.labels(dtype=np.dtype(np.uint32)))


def _prompted_tracker(job: Job, seen: FrameSource, model: Network) -> VideoTracker:
    # Here, as torch takes seconds.
    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.tracker import VideoTracker

    options = TrackerOptions.chosen(job.window, job.quality)
    tracker = VideoTracker(model, seen, limits=job.limits, options=options)
    for (object_id, frame), said in sorted(job.request.prompts.items()):
        tracker.set_prompts(object_id, frame, said)
    return tracker


def _check_begun(course: Course, finished: FinishedFrames) -> None:
    """Leave, before anything is written, when there is nothing to write."""
    if finished.frames:
        return
    if course.problem is not None:
        raise course.problem
    raise KeyboardInterrupt("Stopped before the first frame: nothing was written.")


@contextmanager
def _despite(done: Path) -> Iterator[None]:
    """Say which output is written when another one cannot be."""
    try:
        yield
    except OutputError as error:
        said = f"{error} {done} is written."
        raise OutputError(said, example=error.example) from error
    except KeyboardInterrupt:
        message = f"Stopped: {done} is written, but not the other outputs."
        raise KeyboardInterrupt(message) from None


def _outcome(course: Course, finished: FinishedFrames, kept: str) -> Outcome:
    frames = finished.frames
    if course.is_complete:
        return Outcome(course, frames)
    done = {f: {o.object_id for o in finished[f]} for f in frames}
    return Outcome(course, frames, describe_finished(course.plan, done), kept)
