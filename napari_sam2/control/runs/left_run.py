"""What a run that was stopped needs to go on in another session, kept up to date.

It is in the recorder, which is what projects are made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.control.orders import RunOrder, RunStep
from napari_sam2.control.runs.one_run import frames_of, kept_of
from napari_sam2.control.status import Activity, Topic
from napari_sam2.control.telling.snapshot import take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.control.dispatch import Dispatcher
    from napari_sam2.control.runs.one_run import Run
    from napari_sam2.control.session import TrackerSession
    from napari_sam2.core.unfinished_run import UnfinishedRun
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place


class LeftRun:
    """Brings the run of an earlier session here, and keeps that of this one.

    Parameters
    ----------
    document : Document
    dispatcher : Dispatcher
    session : TrackerSession
    """

    def __init__(
        self, document: Document, dispatcher: Dispatcher, session: TrackerSession
    ) -> None:
        self._document = document
        self._dispatcher = dispatcher
        self._session = session
        self._recorder = session.recorder
        self._is_kept = False
        self._awaited = left = session.recorder.left
        if left is not None:
            known = [i for i in left.objects if i in document.objects]
            session.expect(left, take_snapshot(document, known))

    def arrive(self, left: UnfinishedRun | None) -> RunOrder | None:
        """Return what is left of the run of an earlier session.

        Parameters
        ----------
        left : UnfinishedRun or None
            What the tracker can go on with, that is there now.
        """
        awaited, self._awaited = self._awaited, None
        if awaited is None:
            return None
        self._is_kept = left is awaited
        if not self._is_kept:
            self._recorder.left = None
            return None
        run = awaited.run
        frames = None if run.frames is None else range(*run.frames)
        begun = RunStep(awaited.done, awaited.steps)
        return RunOrder(run.object_ids, run.direction, frames, begun)

    @property
    def places(self) -> frozenset[Place]:
        """The objects and frames that were computed."""
        return frozenset((i, frame) for i, row in self._ranges for frame in row)

    @property
    def _ranges(self) -> list[tuple[int, range]]:
        left = self._recorder.left
        reached = () if left is None else left.reached
        return [(i, range(first, stop)) for i, first, stop in reached]

    def sentence(self, rest: RunOrder) -> str:
        """Say how far the run had come, and how to go on."""
        done = len({frame for _, row in self._ranges for frame in row})
        steps = 0 if rest.resumes is None else rest.resumes.steps
        count, found = self._document.frame_count, self._found(rest)
        if found <= done:
            kept = kept_of(rest, done, steps, count)
            return f"A run was stopped: {kept} Continue goes on with the rest."
        return (
            f"A run was stopped: {found} of {frames_of(rest, steps, count)} frames "
            "have masks, and are kept. Continue goes on where the run was kept last, "
            f"after {done} of them."
        )

    def _found(self, rest: RunOrder) -> int:
        """Return how many frames have masks, be it that the run was kept before them.

        Nobody has to run anything for those of prompts.
        """
        document, frames = self._document, rest.frames
        found = {
            frame
            for object_id in rest.objects
            for frame in document.masks.of_object(object_id)
            if (object_id, frame) not in document.prompts
        }
        found |= {frame for _, row in self._ranges for frame in row}
        return len(found if frames is None else found & set(frames))

    def drop(self) -> None:
        """Keep nothing: it would be wrong to go on."""
        self._awaited, self._is_kept = None, False
        self._recorder.left = None

    def note(self, left: UnfinishedRun) -> None:
        """Keep how far a run has come that is going on."""
        self._recorder.left = left

    def settle(self, run: Run, *, is_over: bool) -> None:
        """Keep a run that was stopped as it is then, or nothing of one that is over."""
        kept = self._session.keeper.take_kept()
        if is_over:
            self._recorder.left = None
        elif kept is not None and kept.done == run.done:
            self._recorder.left = kept
        self._is_kept = self._recorder.left is not None

    @property
    def remark(self) -> str:
        """Say of the run that was stopped last if it cannot go on another day."""
        if not self._session.keeper.is_too_much:
            return ""
        return (
            "Continue works only as long as napari is open: what is remembered of so "
            "many objects is too much to be kept."
        )

    def keep_again(self, rest: RunOrder, is_still: Callable[[], bool]) -> None:
        """Keep what was said since, too.

        Parameters
        ----------
        rest : RunOrder
            What is left to do.
        is_still : callable
            Returns whether it is, when that was taken down.
        """
        before = self._recorder.left
        if not self._is_kept:
            return
        snapshot = take_snapshot(self._document, rest.objects)
        found: list[UnfinishedRun] = []

        def end(error: Exception | None) -> None:
            # What cannot be answered is not taken, and may be withdrawn again.
            if error is None and is_still():
                self._recorder.left = found[0] if found else None

        self._dispatcher.send(
            Activity.ANSWERING,
            lambda token: self._session.keep(before, snapshot, token),
            topic=Topic.RUN,
            on_item=found.append,
            on_end=end,
            key="keep the run",
        )
