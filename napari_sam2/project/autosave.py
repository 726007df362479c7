"""Work that is not lost: every change goes to a recovery file, soon.

A recovery file is a project file that is changed in place, one transaction at a time,
so whatever kills the program, the last transaction is whole.
"""

from __future__ import annotations

import contextlib
import time
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

from psygnal import Signal

from napari_sam2.core.errors import ProjectError
from napari_sam2.project.autosave_pace import AutosavePace
from napari_sam2.project.changes import Changes
from napari_sam2.project.recovery import RecoveryFile

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.core.unfinished_run import UnfinishedRun
    from napari_sam2.project.values import Project
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place


class Lane(Protocol):
    """Where files are written; :class:`napari_sam2.control.ports.Lane` is one."""

    def submit(
        self,
        job: Callable[[CancelToken], Generator[Any]],
        *,
        on_done: Callable[[], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> CancelToken:
        """Do a job; call back on the thread that submits."""
        ...


class Autosave:
    """Keeps a recovery file of a document, while somebody works on it.

    Changes are noted as they come; :meth:`tick`, from a timer, writes them when nothing
    has changed for a few seconds, at most half a minute later, and :meth:`save` at
    once, after a run say. Only what changed is taken down, on the caller's thread;
    files are the lane's.

    Parameters
    ----------
    document : Document
    describe : callable
        Returns a project whose contents do not matter: its image, stack, choices and
        model, as they are now.
    steps : callable
        Returns what the tracker was told up to now.
    left : callable, optional
        Returns the run that was stopped, or as it was some moments ago, if it can be
        gone on with in another session.
    lane : Lane
        Best one of its own: on one that runs, it waits for the run.
    folder : Path, optional
        Of recovery files; the user's own by default.
    clock : callable, optional
        Returns seconds.
    """

    failed = Signal(Exception)
    """Nothing could be saved: the disk is full, say. It is tried again."""

    def __init__(
        self,
        document: Document,
        describe: Callable[[], Project],
        steps: Callable[[], tuple[RecipeStep, ...]],
        *,
        lane: Lane,
        left: Callable[[], UnfinishedRun | None] = lambda: None,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.project_path: Path | None = None
        self._document = document
        self._describe = describe
        self._steps = steps
        self._left = left
        self._lane = lane
        self._clock = clock
        self._file = RecoveryFile(folder)
        self._places: set[Place] = set()
        self._frames: set[int] = set()
        self._written_steps: tuple[RecipeStep, ...] = ()
        self._written_left = left()
        self._is_whole = False
        self._is_closed = False
        self._generation = 0
        self._pace = AutosavePace(clock)
        document.objects_changed.connect(self._on_objects_changed)
        document.prompts_changed.connect(self._on_prompts_changed)
        document.masks_changed.connect(self._on_masks_changed)

    @property
    def generation(self) -> int:
        """Grows with every change; see :meth:`mark_saved`."""
        return self._generation

    @property
    def has_changes(self) -> bool:
        """Whether there are changes that are in no recovery file yet."""
        return self._pace.has_changes

    @property
    def path(self) -> Path:
        """The recovery file, which exists after the first change was saved."""
        return self._file.path

    def note_unsaved(self) -> None:
        """Note that what is there is in no project, because it was restored say."""
        self._note()

    def tick(self) -> None:
        """Save when there are changes, and it is time to."""
        is_left_new = self._is_whole and self._left() is not self._written_left
        if is_left_new and not self._pace.has_changes:
            self._pace.change()
        if self._pace.is_due:
            self.save()

    def save(self) -> None:
        """Take the changes down and have them written."""
        if not self._pace.has_changes or self._is_closed:
            return
        begun = self._clock()
        changes = self._take_changes()
        self._pace.begin()
        is_first, self._is_whole = not self._is_whole, True
        self._submit(changes, is_first, self._clock() - begun)

    def _submit(self, changes: Changes, is_first: bool, seconds: float) -> None:
        """Have changes written that it took ``seconds`` to take down."""
        written: list[float] = []
        project_path = self.project_path

        def job(token: CancelToken) -> Generator[None]:
            begun = self._clock()
            self._file.write(changes, project_path, is_first=is_first)
            written.append(self._clock() - begun)
            yield

        def end() -> None:
            self._pace.end(seconds + written[0] if written else inf)
            if not written:
                self._start_over()

        def fail(problem: Exception) -> None:
            end()
            self.failed.emit(problem)

        self._lane.submit(job, on_done=end, on_error=fail)

    def mark_saved(self, generation: int, path: Path) -> None:
        """Note that a project was saved: there is nothing to recover any more.

        Parameters
        ----------
        generation : int
            What :attr:`generation` was when the project was taken down; with later
            changes, the recovery file stays.
        path : Path
            The project.
        """
        self.project_path = path
        if generation == self._generation:
            self._forget()

    def close(self, *, keep: bool = False) -> None:
        """Hear nothing more, and remove the recovery file.

        Call it when the lane has ended its work.

        Parameters
        ----------
        keep : bool, optional
            Leave it to be recovered, as after a crash.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._document.objects_changed.disconnect(self._on_objects_changed)
        self._document.prompts_changed.disconnect(self._on_prompts_changed)
        self._document.masks_changed.disconnect(self._on_masks_changed)
        with contextlib.suppress(ProjectError):
            self._file.close(keep=keep)

    def _take_changes(self) -> Changes:
        """Take down what changed; everything, the first time."""
        document, steps, left = self._document, self._steps(), self._left()
        if self._is_whole:
            places, frames = self._places, self._frames
        else:
            places = set(document.prompts)
            frames = set(document.masks.frames)
            self._written_steps = ()
        changes = Changes(
            self._describe(),
            dict(document.objects),
            {place: document.prompts.get(place) for place in places},
            frozenset(frames),
            document.masks.on_frames(frames),
            _new_steps(self._written_steps, steps),
            () if self._is_whole and left is self._written_left else (left,),
        )
        self._places, self._frames, self._written_steps = set(), set(), steps
        self._written_left = left
        return changes

    def _forget(self) -> None:
        """Remove the recovery file on the lane, behind what waits there."""
        self._is_whole = False
        self._written_left = self._left()
        self._pace.forget()
        self._places, self._frames = set(), set()

        def job(token: CancelToken) -> Generator[None]:
            self._file.close(keep=False)
            yield

        self._lane.submit(job, on_error=self._on_error)

    def _start_over(self) -> None:
        """Write everything next time: what was to be written now was not."""
        self._is_whole = False
        self._pace.change()

    def _on_error(self, error: Exception) -> None:
        self._start_over()
        self.failed.emit(error)

    def _on_objects_changed(self, object_ids: frozenset[int]) -> None:
        self._note()

    def _on_prompts_changed(self, places: frozenset[Place]) -> None:
        self._places |= places
        self._note()

    def _on_masks_changed(self, frames: frozenset[int]) -> None:
        self._frames |= frames
        self._note()

    def _note(self) -> None:
        self._pace.change()
        self._generation += 1


def _new_steps(
    before: tuple[RecipeStep, ...], now: tuple[RecipeStep, ...]
) -> tuple[tuple[int, RecipeStep], ...]:
    """Return the steps that are not as they were, by number."""
    return tuple(
        (number, step)
        for number, step in enumerate(now)
        if number >= len(before) or before[number] is not step
    )
