"""Doing a job in parts, at positions or along axes, and going on where it broke off."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_sam2.cli.interrupt import stop_on_interrupt
from napari_sam2.cli.jobs.begun import (
    SeenFiles,
    keep_estimates,
    kept_estimates,
    say_compared,
    say_missed,
    settle_precision,
)
from napari_sam2.cli.jobs.noted_positions import NotedPositions
from napari_sam2.cli.jobs.outputs import draw_overlay, open_labels, open_table
from napari_sam2.cli.jobs.position_work import work_on
from napari_sam2.cli.jobs.unfinished import kept_in, run_folder_of
from napari_sam2.cli.options.quality import in_words
from napari_sam2.cli.progress.frame_bar import FrameBar
from napari_sam2.cli.wording import frame_ranges, human_rate
from napari_sam2.control.positions.following import follow_everywhere
from napari_sam2.control.volumes.sight import Sight, look
from napari_sam2.core.errors import OutputError, Sam2Error
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.wording import counted
from napari_sam2.io.files.finished import FinishedFrames
from napari_sam2.io.files.position_files import PositionFiles
from napari_sam2.io.files.unfinished import holds_results
from napari_sam2.io.writing.position_results import PositionResults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_sam2.cli.jobs.job import Job
    from napari_sam2.control.positions.following import PositionStep, PositionWork
    from napari_sam2.control.positions.visits import Visit
    from napari_sam2.engine.network import Network
    from napari_sam2.io.files.unfinished import RunFolder

_PARTLY = 1


@dataclass(frozen=True, slots=True)
class PositionsOutcome:
    """What came of a job.

    Attributes
    ----------
    steps : int
        Frames that were computed now.
    seconds : float
        How long it took.
    problems : tuple of str
        What is missing, and why.
    """

    steps: int
    seconds: float
    problems: tuple[str, ...] = ()


def carry_out_everywhere(job: Job, load: Callable[[], Network]) -> PositionsOutcome:
    """Follow objects at every position, and write the results when all are finished.

    Parameters
    ----------
    job : Job
        With positions, or axes to be fused.
    load : callable
        Returns the model; called when everything else is known to be in order.

    Raises
    ------
    Sam2Error
        If it cannot be done, or not to its end; finished positions are kept then.
    KeyboardInterrupt
        If the user stopped it; finished positions are kept.
    """
    _check_overlays(job)
    job.check()
    say_missed(job)
    with run_folder_of(job, AllFrames(job.positions, job.frames_at)) as run:
        sight = _look(job, run)
        run.begin()
        noted = _noted(job, run)
        sight = replace(sight, watch=noted.watch)
        folder = run.path
        store = PositionFiles(folder, job.positions, job.frames.shape_hw)
        with _keeping(folder, store):
            model = load()
        job = job.settled(sight.limits, settle_precision(run, model.precision))
        with _keeping(folder, store), ExitStack() as opened:
            labels = opened.enter_context(open_labels(job))
            table = open_table(job, opened)
            work = work_on(job, sight, model, folder)
            steps, seconds = _follow(work, store, job, noted)
            everything = AllFrames(job.positions.whole, job.frames_at)
            PositionResults(store, everything).write(labels, table)
            for path in job.outputs.overlays:
                _draw(path, job, sight, store)
        return PositionsOutcome(steps, seconds, _problems(store))


def report_everywhere(job: Job, outcome: PositionsOutcome) -> int:
    """Say what was written and, if so, why it is not everything.

    Returns
    -------
    int
        The exit code.
    """
    said = [f"{counted(len(job.reach.followed), 'object')}{_everywhere(job)}"]
    said.append(f"frames {frame_ranges(job.span)}")
    if job.fused:
        names = [frames.axes[0].name for frames in job.fused]
        said.append(f"fused along {', '.join(names)}")
    if outcome.steps:
        rate = human_rate(outcome.steps / outcome.seconds)
        said.append(f"{rate}{in_words(job.quality)}")
    print(f"{', '.join(said)}: {', '.join(map(str, job.outputs.paths))}")
    for problem in outcome.problems:
        print(f"napari-sam2: {problem}", file=sys.stderr)
    return _PARTLY if outcome.problems else 0


def _everywhere(job: Job) -> str:
    """Say at which positions: `` at t = 0–11``."""
    names, visited = job.positions.names, job.positions.visited
    spans = [
        f"{name} = {frame_ranges(span)}"
        for name, span in zip(names, visited, strict=True)
    ]
    return f" at {', '.join(spans)}" if spans else ""


def _check_overlays(job: Job) -> None:
    if job.positions.axes and job.outputs.overlays:
        raise OutputError(
            f"{job.outputs.overlays[0]} cannot be drawn, as an overlay shows one "
            "position: leave it out, or stay at one position with --at."
        )


def _draw(path: Path, job: Job, sight: Sight, store: PositionFiles) -> None:
    """Draw the masks of the one position that there is."""
    (position,) = store.positions
    with closing(FinishedFrames(path.parent, job.frames.shape_hw)) as finished:
        for result in store.results(position):
            finished.add(result)
        seen = sight.along(job.frames)(position)
        draw_overlay(path, job, seen, sight.limits, finished)


def _look(job: Job, run: RunFolder) -> Sight:
    """Return what the model sees: what the run was begun with, if it was."""
    kept = kept_estimates(run)
    sight = look(
        job.frames,
        job.positions,
        limits=kept.limits or job.limits,
        fading=kept.fading,
        corrects_bleaching=job.corrects_bleaching,
    )
    keep_estimates(run, sight.limits, sight.fading)
    return sight


def _noted(job: Job, run: RunFolder) -> NotedPositions:
    """Return the frames that a run has seen, once it is certain that they are the same.

    Raises
    ------
    OutputError
        If they are not.
    """
    files, noted = SeenFiles(run, job.inputs), NotedPositions(run)
    if run.is_kept and not files.are_untouched:
        say_compared()
        noted.check(job)
        files.accept()
    return noted


def _follow(
    work: PositionWork, store: PositionFiles, job: Job, noted: NotedPositions
) -> tuple[int, float]:
    """Do what is not finished; return the number of steps, and the seconds."""
    visits, started = len(_left(work, store)), time.monotonic()
    each = sum(map(len, job.fused)) if job.fused else len(job.span)
    begun, done, steps, label = -1, 0, 0, ""
    with stop_on_interrupt() as token, FrameBar(visits * each) as bar:
        for step in follow_everywhere(work, store, token):
            if step.is_begin:
                noted.save()
            is_counted = step.progress is not None or not (job.fused or step.is_begin)
            begun, done = begun + step.is_begin, 0 if step.is_begin else done
            done, steps = done + is_counted, steps + is_counted
            label = _where(step, job) or label
            bar.show(begun * each + min(done, each), label)
    noted.save()
    if _left(work, store):
        raise KeyboardInterrupt(f"Stopped {label or 'at the beginning'}.")
    return steps, time.monotonic() - started


def _where(step: PositionStep, job: Job) -> str:
    """Say where work is: ``at t = 3 of 12, along y``."""
    parts = [f"at {job.positions.describe(step.position)}"] if step.position else []
    parts += [step.progress.label] if step.progress is not None else []
    return ", ".join(parts)


def _left(work: PositionWork, store: PositionFiles) -> list[Visit]:
    """Return the visits that are not finished."""
    return [
        visit
        for visit in work.visits
        if not visit.sources.keys() <= store.finished(visit.position)
    ]


@contextmanager
def _keeping(folder: Path, store: PositionFiles) -> Iterator[None]:
    """Say what is kept of work that does not come to its end."""
    try:
        yield
    except KeyboardInterrupt as stop:
        kept = _kept(folder, store) or "Nothing was finished, and nothing was written."
        raise KeyboardInterrupt(f"{str(stop) or 'Stopped.'} {kept}") from None
    except Sam2Error as error:
        kept = _kept(folder, store)
        if not kept:
            raise
        raise Sam2Error(f"{error} {kept}", example=error.example) from error


def _kept(folder: Path, store: PositionFiles) -> str:
    """Say what is kept; nothing if it is nothing."""
    count = sum(bool(store.finished(position)) for position in store.positions)
    how = "the same command with --resume goes on from there."
    if count and store.positions.axes:
        total = len(store.positions)
        return f"{count} of {total} positions are kept in {folder}: {how}"
    return kept_in(folder) if holds_results(folder) else ""


def _problems(store: PositionFiles) -> tuple[str, ...]:
    found = {one: store.problem(one) for one in store.positions}
    return tuple(
        f"{f'At {store.positions.describe(position)}: ' if position else ''}{problem} "
        "What was found there before is written."
        for position, problem in found.items()
        if problem
    )
