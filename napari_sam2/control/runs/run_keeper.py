"""Takes down what a run needs to go on in another session. Used on the lane.

A window that is closed, or a machine that goes down, costs what was computed since this
was done last: so it is done from time to time, but takes little of a run's time, and
writes little to a disk.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_sam2.control.ports import PackedTracker
from napari_sam2.control.runs.reached import Reached
from napari_sam2.control.telling.said_digest import said_digest
from napari_sam2.core.errors import Sam2Error
from napari_sam2.core.frames.pixel_digest import pixel_digest
from napari_sam2.core.unfinished_run import UnfinishedRun
from napari_sam2.core.writing_pace import rest_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_sam2.control.orders import RunStep
    from napari_sam2.control.telling.snapshot import Snapshot
    from napari_sam2.control.telling.told_tracker import ToldTracker
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.masks.packed import PackedResult
    from napari_sam2.core.recipe import Followed, Made

_LOG = logging.getLogger(__name__)

MOST_BYTES = 256 << 20
"""What takes more is not kept: it would be written after every correction.

These are some thirty objects at 1024 pixels.
"""
FIRST_SECONDS, SECONDS_BETWEEN = 5.0, 30.0
_BYTES_PER_SECOND = 2 << 20
"""Most that a disk is given to write, in the long run."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A tracker, and what it was made of.

    Attributes
    ----------
    tracker : ToldTracker
    made : Made
    frames : FrameSource
        The stack.
    """

    tracker: ToldTracker
    made: Made
    frames: FrameSource


class RunKeeper:
    """Knows how far the run of a tracker came.

    Parameters
    ----------
    clock : callable, optional
        Returns seconds.

    Attributes
    ----------
    is_too_much : bool
        Whether what the run needs took too much to be kept, when that was last tried.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: UnfinishedRun | None = None
        self._clock = clock
        self._setting: Setting | None = None
        self._run: Followed | None = None
        self._reached = Reached()
        self._done = self._steps = 0
        self._next = 0.0
        self.is_too_much = False
        self._seen: tuple[FrameSource, str] | None = None

    def forget(self) -> None:
        """Keep nothing of the last run."""
        self._kept = self._setting = self._run = None

    def leave(self) -> None:
        """Say nothing more of the run that was stopped last, as another one comes."""
        self._kept, self.is_too_much = None, False

    def begin(self, setting: Setting, run: Followed, begun: RunStep) -> None:
        """Note that a run begins, or goes on."""
        self.leave()
        self._setting = setting
        if not run.is_resumed:
            self._reached = Reached()
        self._run = replace(run, is_resumed=False, done=0)
        self._done, self._steps = begun.done, begun.steps
        self._next = self._clock() + FIRST_SECONDS

    def note(self, found: Iterable[PackedResult], done: int) -> UnfinishedRun | None:
        """Note what was found; return what the run needs, if it is time to."""
        self._done = done
        for one in found:
            self._reached.add(one.object_id, one.frame)
        if self._clock() < self._next:
            return None
        self._look_once()
        begun = self._clock()
        found_now = self.take_down()
        now, size = self._clock(), len(found_now.state) if found_now else 0
        rest = rest_after(now - begun), size / _BYTES_PER_SECOND
        self._next = now + max(SECONDS_BETWEEN, *rest)
        return found_now

    def end(self) -> None:
        """Note that the run has ended, or was stopped."""
        self._kept = self.take_down()

    def take_kept(self) -> UnfinishedRun | None:
        """Return what the run needs that was stopped last; once, and on any thread."""
        kept, self._kept = self._kept, None
        return kept

    def take_down(self, before: UnfinishedRun | None = None) -> UnfinishedRun | None:
        """Return what the run needs as it is now; None where that cannot be had.

        Parameters
        ----------
        before : UnfinishedRun, optional
            What it needed before, which may be the same.
        """
        setting, run = self._setting, self._run
        if setting is None or run is None or not self._done:
            return None
        told, tracker = setting.tracker.told, setting.tracker.tracker
        if not isinstance(tracker, PackedTracker) or not tracker.is_paused:
            return None
        said = said_digest({place: one for place, (one, _) in told.items()})
        if before is not None and (before.said, before.done) == (said, self._done):
            return before
        try:
            seen, state = self._look(setting.frames), tracker.pack_session(MOST_BYTES)
        except (Sam2Error, MemoryError, OSError, RuntimeError) as error:
            _LOG.warning("A run that was stopped cannot be kept: %s", error)
            return None
        self.is_too_much = state is None
        if state is None:
            return None
        return UnfinishedRun(
            run, self._done, self._steps, self._reached.ranges, setting.made,
            tuple(sorted(setting.tracker.object_ids)),
            said, seen, state,
        )  # fmt: skip

    def bring_back(
        self, left: UnfinishedRun, snapshot: Snapshot, setting: Setting
    ) -> bool:
        """Let a tracker that was told nothing go on as another one; say if it does.

        It does not where anything is not as it was.

        Parameters
        ----------
        left : UnfinishedRun
        snapshot : Snapshot
            What the document says about its objects.
        setting : Setting
        """
        told, tracker = setting.tracker, setting.tracker.tracker
        if not isinstance(tracker, PackedTracker):
            return False
        if _comparable(left.made) != _comparable(setting.made):
            return False
        if said_digest(snapshot.said) != left.said:
            return False
        try:
            if self._look(setting.frames) != left.seen:
                return False
            tracker.unpack_session(left.state)
        except (Sam2Error, MemoryError, OSError, RuntimeError) as error:
            _LOG.warning("A run that was stopped cannot be gone on with: %s", error)
            return False
        told.recall(snapshot)
        self._setting, self._run = setting, left.run
        self._done, self._steps = left.done, left.steps
        self._reached = Reached(left.reached)
        return True

    def _look_once(self) -> None:
        """Read the pixels now: what is done once is no measure of what comes again."""
        # Pixels that cannot be read are told of when the run is taken down.
        with suppress(Sam2Error, MemoryError, OSError, RuntimeError):
            if self._setting is not None:
                self._look(self._setting.frames)

    def _look(self, frames: FrameSource) -> str:
        """Return what tells the pixels from others, which is found out once."""
        if self._seen is None or self._seen[0] is not frames:
            self._seen = frames, pixel_digest(frames)
        return self._seen[1]


def _comparable(made: Made) -> Made:
    """Return what masks hang on: files may have moved, and their pixels are known."""
    return replace(made, beside=())
