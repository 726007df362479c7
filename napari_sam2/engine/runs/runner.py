"""Runs through a stack: in which order, how far they came, and how they go on."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from napari_sam2.core.cancel import check_token
from napari_sam2.core.errors import FrameError, GpuMemoryError
from napari_sam2.engine.groups import give_back_reserve

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.results import FrameResult
    from napari_sam2.engine.frames.ahead import FramesAhead
    from napari_sam2.engine.groups import GroupRunner
    from napari_sam2.engine.objects.track import ObjectTrack
    from napari_sam2.engine.objects.tracks import ObjectTracks
    from napari_sam2.engine.runs.frame_step import FrameStepper
    from napari_sam2.engine.runs.plan import Plan, Step


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Paused:
    """A run that has not come to its end.

    Attributes
    ----------
    plan : Plan
        What was to be done.
    done : tuple of int
        Steps that were done forward, and backward.
    """

    plan: Plan
    done: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class _Run:
    """A run that is going on."""

    plan: Plan
    done: list[int]
    groups: GroupRunner
    token: CancelToken | None
    is_short: bool = False  # of memory

    @property
    def is_stopped(self) -> bool:
        """Whether no further frame is wanted."""
        return self.token is not None and self.token.is_cancelled


class Runner:
    """Makes runs, one at a time, and remembers the last one that did not end.

    Parameters
    ----------
    tracks : ObjectTracks
        The objects; prompts and removals during a run count from its next frame.
    stepper : FrameStepper
        Computes single frames.
    """

    def __init__(self, tracks: ObjectTracks, stepper: FrameStepper) -> None:
        self.tracks = tracks
        self._stepper = stepper
        self.paused = None

    @property
    def paused(self) -> Paused | None:
        """The last run, if it did not end, and nothing of it was taken back since."""
        paused, withdrawals = self._paused
        return paused if withdrawals == self._withdrawals(paused) else None

    @paused.setter
    def paused(self, paused: Paused | None) -> None:
        self._paused = paused, self._withdrawals(paused)

    def _withdrawals(self, paused: Paused | None) -> int:
        return self.tracks.withdrawals_of(paused.plan.prompted if paused else ())

    def run(self, start: Paused, token: CancelToken | None) -> Generator[FrameResult]:
        """Do what is left of a run, forward and then backward.

        A frame that cannot be read ends the way in its direction only, and is raised
        when the other direction is done. The run then counts as paused: once the frame
        can be read, it goes on from there.

        Raises
        ------
        Sam2Error
            At once, if something else was given as a token.
        """
        check_token(token)
        return self._run(start, token)

    def _run(self, start: Paused, token: CancelToken | None) -> Generator[FrameResult]:
        self.paused = start
        if not any(start.done):
            everyone = self.tracks.of(start.plan.prompted)
            self._stepper.forget_found(everyone, start.plan)
        run = _Run(start.plan, list(start.done), self._stepper.groups(), token)
        problem, is_finished = None, True
        for is_reverse in (False, True):
            try:
                is_through = yield from self._go(run, is_reverse)
                is_finished = is_finished and is_through
            except FrameError as error:
                problem = problem or error
        if problem is not None:
            raise problem
        if is_finished:
            self.paused = None

    def _go(self, run: _Run, is_reverse: bool) -> Generator[FrameResult, None, bool]:
        """Go in one direction; return whether the end was reached."""
        begun = run.done[is_reverse]
        with closing(self._ahead(run, is_reverse)) as ahead:
            steps = islice(run.plan.way(is_reverse=is_reverse), begun, None)
            for count, step in enumerate(steps, begun + 1):
                if run.is_stopped:
                    return False
                result = self._take(step, run, ahead)
                ahead.discard(step.frame)  # where prompts or removals spared it
                if result is None:
                    continue
                run.done[is_reverse] = count
                self.paused = Paused(run.plan, (run.done[0], run.done[1]))
                yield result
        return True

    def _take(self, step: Step, run: _Run, ahead: FramesAhead) -> FrameResult | None:
        """Take one step; None where no object is left for it."""
        tracks = self.tracks.of(step.object_ids)
        if not tracks:
            return None
        if run.is_short:
            self._forget_far(step, run)
        try:
            return self._found(step, tracks, run, ahead)
        except GpuMemoryError:
            if not self._forget_far(step, run):
                raise
        _log.warning(
            "Out of memory: what was found on frames that the run does not look back "
            "at is forgotten"
        )
        give_back_reserve()
        run.is_short, run.groups = True, self._stepper.groups()
        return self._found(step, tracks, run, ahead)

    def _found(
        self, step: Step, tracks: list[ObjectTrack], run: _Run, ahead: FramesAhead
    ) -> FrameResult:
        # Also of prompts that came during the run.
        everyone = self.tracks.of(run.plan.prompted)
        self._stepper.remember_answers(everyone, run.groups)
        return self._stepper.run(step, tracks, run.groups, ahead)

    def _forget_far(self, step: Step, run: _Run) -> bool:
        """Forget what the run does not look at; return whether there was any."""
        everyone = self.tracks.of(self.tracks.ids)
        return self._stepper.forget_far(everyone, step.frame, run.plan.frames)

    def _ahead(self, run: _Run, is_reverse: bool) -> FramesAhead:
        """Go ahead in one direction; no further once the run is stopped."""
        steps = islice(run.plan.way(is_reverse=is_reverse), run.done[is_reverse], None)
        frames = (
            step.frame
            for step in takewhile(lambda _: not run.is_stopped, steps)
            if self._stepper.must_read(step.frame, self.tracks.of(step.object_ids))
        )
        return self._stepper.ahead(frames)
