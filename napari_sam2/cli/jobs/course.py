"""A run through a stack: how it went, and what is finished if it broke off."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.cli.interrupt import stop_on_interrupt
from napari_sam2.cli.progress.frame_bar import FrameBar
from napari_sam2.cli.wording import frames_in_words
from napari_sam2.core.errors import FrameError, GpuMemoryError, Sam2Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from napari_sam2.cli.jobs.job import Job
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.results import FrameResult
    from napari_sam2.engine.runs.plan import Plan
    from napari_sam2.engine.tracker import VideoTracker


@dataclass(slots=True)
class Course:
    """How a run went.

    Attributes
    ----------
    plan : Plan
        What was to be done.
    steps : int
        Frames that were computed; going both ways, some count twice.
    seconds : float
        How long it took.
    was_stopped : bool
        Whether the user stopped it.
    problem : Sam2Error or None
        What stopped it otherwise: a frame that could not be read, say.
    """

    plan: Plan
    steps: int = 0
    seconds: float = 0.0
    was_stopped: bool = False
    problem: Sam2Error | None = None

    @property
    def is_complete(self) -> bool:
        """Whether everything was done."""
        return self.problem is None and not self.was_stopped

    @property
    def rate(self) -> float:
        """Frames per second, 0 when nothing was done."""
        return self.steps / self.seconds if self.seconds > 0 else 0.0


def follow(
    job: Job,
    tracker: VideoTracker,
    take: Callable[[FrameResult], None],
    done: int = 0,
) -> Course:
    """Carry the prompted objects through the stack, as far as it goes.

    Ctrl-C stops it before the next frame. A frame that cannot be read ends the way in
    that direction only.

    Parameters
    ----------
    job : Job
        What to do.
    tracker : VideoTracker
        With all prompts set.
    take : callable
        Keeps the results of one frame.
    done : int, optional
        Steps that were done already, of a run that the tracker goes on with.
    """
    course = Course(tracker.plan(direction=job.direction, frames=job.span))
    started = time.monotonic()
    with stop_on_interrupt() as token, FrameBar(len(course.plan), begun=done) as bar:
        _run(tracker, course, take, token, bar)
    course.seconds = time.monotonic() - started
    return course


def _run(
    tracker: VideoTracker,
    course: Course,
    take: Callable[[FrameResult], None],
    token: CancelToken,
    bar: FrameBar,
) -> None:
    try:
        for result in _begin(tracker, course.plan, token):
            take(result)
            course.steps += 1
            bar.advance()
    except (FrameError, GpuMemoryError) as error:
        course.problem = error
    course.was_stopped = token.is_cancelled and tracker.is_paused


def _begin(
    tracker: VideoTracker, plan: Plan, token: CancelToken
) -> Iterable[FrameResult]:
    """Begin a run, or go on with the one that was stopped."""
    if tracker.is_paused:
        return tracker.resume(token=token)
    return tracker.propagate(direction=plan.direction, frames=plan.frames, token=token)


def describe_finished(plan: Plan, done: Mapping[int, set[int]]) -> str:
    """Say which frames of a run that broke off are finished.

    Parameters
    ----------
    plan : Plan
        What was to be done.
    done : mapping of int to set of int
        The objects that were computed, by frame.
    """
    wanted: defaultdict[int, set[int]] = defaultdict(set)
    for step in plan.steps():
        wanted[step.frame].update(step.object_ids)
    finished = [f for f, ids in done.items() if ids >= wanted[f]]
    begun = [f for f, ids in done.items() if not ids >= wanted[f]]
    parts = []
    if finished:
        verb = "is" if len(finished) == 1 else "are"
        parts.append(f"{frames_in_words(finished)} {verb} finished")
    if begun:
        verb = "lacks" if len(begun) == 1 else "lack"
        parts.append(f"{frames_in_words(begun)} {verb} some objects")
    return f"{', '.join(parts)}; the rest is empty"
