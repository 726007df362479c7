"""Doing a job at every position of a stack, one after the other, and going on later."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.cli.frame_bar import FrameBar
from napari_sam2.cli.interrupt import stop_on_interrupt
from napari_sam2.cli.position_work import depends_on, look, work_on
from napari_sam2.cli.wording import frame_ranges, human_rate
from napari_sam2.control.positions import follow_everywhere
from napari_sam2.core.errors import OutputError, Sam2Error
from napari_sam2.core.frames import channel_labels
from napari_sam2.core.position_frames import AllFrames
from napari_sam2.io.beside import provenance_beside
from napari_sam2.io.placing import affine_of
from napari_sam2.io.position_files import PositionFiles
from napari_sam2.io.position_results import PositionResults
from napari_sam2.io.result_format import ResultHeader
from napari_sam2.io.result_formats import check_holds_positions
from napari_sam2.io.table import TableWriter, open_table_writer
from napari_sam2.io.unfinished import unfinished_folder, unfinished_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_sam2.cli.job import Job
    from napari_sam2.control.positions import PositionWork
    from napari_sam2.control.visits import Visit
    from napari_sam2.io.result_format import ResultWriter
    from napari_sam2.model.sam2 import Sam2Model

_PARTLY = 1


@dataclass(frozen=True, slots=True)
class Outcome:
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


def carry_out_everywhere(job: Job, load: Callable[[], Sam2Model]) -> Outcome:
    """Follow objects at every position, and write the results when all are finished.

    Parameters
    ----------
    job : Job
        With positions.
    load : callable
        Returns the model; called when everything else is known to be in order.

    Raises
    ------
    Sam2Error
        If it cannot be done, or not to its end; finished positions are kept then.
    KeyboardInterrupt
        If the user stopped it; finished positions are kept.
    """
    job.check()
    _check_outputs(job)
    sight = look(job)
    made_of = depends_on(job)
    output = job.outputs.labels
    with ExitStack() as opened:
        folder = opened.enter_context(
            unfinished_run(output, made_of, is_resumed=job.is_resumed)
        )
        store = PositionFiles(folder, job.positions, job.frames.shape_hw)
        labels, table = _open_outputs(job, opened)
        with _keeping(store, job):
            work = work_on(sight, load())
            steps, seconds = _follow(work, store, job)
            _results(store, job).write(labels, table)
        problems = _problems(store)
    return Outcome(steps, seconds, problems)


def report_everywhere(job: Job, outcome: Outcome) -> int:
    """Say what was written and, if so, why it is not everything.

    Returns
    -------
    int
        The exit code.
    """
    count = len(job.request.object_ids)
    where = ", ".join(
        f"{axis.name} = {frame_ranges(span)}"
        for axis, span in zip(job.positions.axes, job.positions.visited, strict=True)
    )
    rate = outcome.steps / outcome.seconds if outcome.steps else 0.0
    print(
        f"{count} object{'s' if count > 1 else ''} at {where}, frames "
        f"{frame_ranges(job.span)}{f', {human_rate(rate)}' if rate else ''}: "
        f"{', '.join(map(str, job.outputs.paths))}"
    )
    for problem in outcome.problems:
        print(f"napari-sam2: {problem}", file=sys.stderr)
    return _PARTLY if outcome.problems else 0


def _check_outputs(job: Job) -> None:
    check_holds_positions(job.outputs.result_format)
    if job.outputs.overlays:
        raise OutputError(
            f"{job.outputs.overlays[0]} cannot be drawn, as an overlay shows one "
            "position: leave it out, or stay at one position with --at."
        )


def _open_outputs(
    job: Job, opened: ExitStack
) -> tuple[ResultWriter, TableWriter | None]:
    """Open the labels, which lie as the stack does, and the table."""
    outputs, names = job.outputs, job.request.names
    axes = (*job.positions.axes, *job.frames.axes)
    header = ResultHeader(
        axes,
        names={i: names.get(i, "") for i in job.request.object_ids},
        provenance=job.provenance,
        frames=_all_frames(job),
        affine=affine_of(job.frames, job.positions),
    )
    labels = opened.enter_context(
        outputs.result_format.open(outputs.labels, header, overwrite=outputs.overwrite)
    )
    if outputs.table is None:
        return labels, None
    overwrite, channels = outputs.overwrite, channel_labels(job.frames)
    opened.enter_context(
        provenance_beside(outputs.table, job.provenance, overwrite=overwrite)
    )
    return labels, opened.enter_context(
        open_table_writer(outputs.table, names, axes, channels, overwrite=overwrite)
    )


def _all_frames(job: Job) -> AllFrames:
    return AllFrames(job.positions.whole, job.frames_at)


def _results(store: PositionFiles, job: Job) -> PositionResults:
    return PositionResults(store, _all_frames(job))


def _follow(work: PositionWork, store: PositionFiles, job: Job) -> tuple[int, float]:
    """Do what is not finished; return the number of steps, and the seconds."""
    left = _left(work, store)
    begun, done, steps, started = -1, 0, 0, time.monotonic()
    with stop_on_interrupt() as token, FrameBar(len(left) * len(job.span)) as bar:
        for step in follow_everywhere(work, store, token):
            begun, done = (begun + 1, 0) if step.result is None else (begun, done + 1)
            steps += step.result is not None
            shown = begun * len(job.span) + min(done, len(job.span))
            bar.show(shown, job.positions.describe(step.position))
            last = step.position
    if _left(work, store):
        raise KeyboardInterrupt(f"Stopped at {job.positions.describe(last)}.")
    return steps, time.monotonic() - started


def _left(work: PositionWork, store: PositionFiles) -> list[Visit]:
    """Return the visits that are not finished."""
    return [
        visit
        for visit in work.visits
        if not visit.sources.keys() <= store.finished(visit.position)
    ]


@contextmanager
def _keeping(store: PositionFiles, job: Job) -> Iterator[None]:
    """Say what is kept of work that does not come to its end."""
    try:
        yield
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"{stop or 'Stopped.'} {_kept(store, job)}") from None
    except Sam2Error as error:
        if not any(map(store.finished, store.positions)):
            raise
        raise Sam2Error(f"{error} {_kept(store, job)}") from error


def _kept(store: PositionFiles, job: Job) -> str:
    count = sum(bool(store.finished(position)) for position in store.positions)
    if not count:
        return "No position was finished, and nothing was written."
    return (
        f"{count} of {len(store.positions)} positions are kept in "
        f"{unfinished_folder(job.outputs.labels)}: the same command with --resume goes "
        "on from there."
    )


def _problems(store: PositionFiles) -> tuple[str, ...]:
    found = {one: store.problem(one) for one in store.positions}
    return tuple(
        f"At {store.positions.describe(position)}: {problem} What was found there "
        "before is written."
        for position, problem in found.items()
        if problem
    )
