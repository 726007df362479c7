"""Writing a long run down as it goes, so that a crash costs little of it."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_sam2.cli.jobs.begun import say_compared
from napari_sam2.core.errors import CheckpointError, OutputError, Sam2Error
from napari_sam2.core.writing_pace import rest_after

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_sam2.cli.jobs.begun import SeenFiles
    from napari_sam2.core.results import FrameResult
    from napari_sam2.engine.tracker import VideoTracker
    from napari_sam2.io.files.run_journal import RunJournal
    from napari_sam2.io.files.unfinished import RunFolder

# Shorter runs are made again sooner than anybody asks for their rest.
SECONDS_BETWEEN = 60.0


class JournalWriter:
    """Writes what a run finds, and its state, into its journal from time to time.

    Parameters
    ----------
    run : RunFolder
        Where it is kept.
    journal : RunJournal
        What is in there.
    tracker : VideoTracker
        With all prompts set; it takes up the run that was kept, if there is one.
    files : SeenFiles
        What the run reads.
    """

    def __init__(
        self,
        run: RunFolder,
        journal: RunJournal,
        tracker: VideoTracker,
        files: SeenFiles,
    ) -> None:
        self._run = run
        self._journal = journal
        self._tracker = tracker
        self._files = files
        self._is_off = False
        self._next = time.monotonic() + SECONDS_BETWEEN

    def take_up(self, take: Callable[[FrameResult], None]) -> int:
        """Let the tracker go on where the run was; return how many steps were done.

        Parameters
        ----------
        take : callable
            Takes the results that there are.

        Raises
        ------
        OutputError, CheckpointError
            If what was kept is damaged, or of another run or image.
        FrameError
            If a frame that is compared cannot be read.
        """
        state = self._journal.state
        if not self._run.is_kept or state is None:
            return 0
        self._load(state)  # first, as it may not be the same run, or image
        done = 0
        for result in self._journal.results():
            take(result)
            done += 1
        return done

    def _load(self, state: Path) -> None:
        """Let the tracker go on; where files are no longer those, if pixels are."""
        compares_all = not self._files.are_untouched
        if compares_all:
            say_compared()
        try:
            self._tracker.load_run(state, compares_all=compares_all)
        except CheckpointError as error:
            raise CheckpointError(
                f"{error} To begin anew, remove {self._run.path}."
            ) from error
        with suppress(OutputError):  # they are compared once more then
            self._files.accept()

    def add(self, result: FrameResult) -> None:
        """Take the results of one more step, and keep them if it is time to."""
        if not self._is_off:
            self._journal.add(result)
            if time.monotonic() >= self._next:
                self._save()

    def finish(self) -> bool:
        """Keep all of a run that did not come to its end, if it was long."""
        is_long = time.monotonic() >= self._next or self._journal.is_begun
        if is_long and not self._is_off:
            self._save()
        return self._journal.is_begun

    def _save(self) -> None:
        """Write everything; a run goes on although it cannot be kept."""
        begun = time.monotonic()
        try:
            self._run.begin()
            self._journal.save(self._tracker.save_run)
        except (Sam2Error, OSError, MemoryError) as error:
            self._is_off = True
            said = str(error) or "There is not enough memory to keep it."
            print(
                f"napari-sam2: {said} The run goes on, but is not kept any more.",
                file=sys.stderr,
            )
        now = time.monotonic()
        self._next = now + max(SECONDS_BETWEEN, rest_after(now - begun))
