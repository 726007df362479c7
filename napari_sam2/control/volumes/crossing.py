"""A run along several axes of a volume, step by step, that can be stopped and go on.

What is found along the first axis is to be shown at once; along the others only how far
it is, and at the end what all of them come to. Meanwhile the volume as the model sees
it, and what was found along each axis, lie in a temporary folder.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.control.orders import RunStep
from napari_sam2.control.volumes.fusing import AcrossAxes
from napari_sam2.control.volumes.workplace import Workplace, open_workplace
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import FrameError
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.results import FrameResult
from napari_sam2.io.files.finished import FinishedFrames

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping

    from napari_sam2.control.ports import VolumeTracker
    from napari_sam2.control.positions.ports import FramePlace
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.recipe import Followed
    from napari_sam2.core.results import MaskResult
    from napari_sam2.state.masks import Place


def begin_crossing(
    tracker: VolumeTracker, step: Followed, told: Collection[Place]
) -> Crossing:
    """Make room for a run along several axes, on the disk and in memory.

    What the tracker remembers of tracked frames is forgotten: other masks will be seen
    there.

    Parameters
    ----------
    tracker : VolumeTracker
        That was told what the user said.
    step : Followed
        What to do.
    told : collection of (object_id, frame)
        Where the user said something.

    Raises
    ------
    StorageError
        If there is no room for the volume.
    """
    place = open_workplace(tracker.frames, step.across)
    tracker.take_up(tracker.put_by())
    tracker.forget_features()  # the trackers of the axes need the room
    return Crossing(tracker, step, told, place)


class Crossing:
    """Follows objects along several axes and fuses them. See :func:`begin_crossing`.

    Parameters
    ----------
    tracker, step, told
        As there.
    place : Workplace
        Is closed with it.

    Attributes
    ----------
    now : RunStep
        How far it is.
    """

    def __init__(
        self,
        tracker: VolumeTracker,
        step: Followed,
        told: Collection[Place],
        place: Workplace,
    ) -> None:
        self._tracker = tracker
        self._step = step
        self._told = frozenset(one for one in told if one[0] in step.object_ids)
        self._place = place
        self._frames = None if step.frames is None else range(*step.frames)
        self._latest: FrameResult | None = None
        self._answers: dict[Place, MaskResult] = {}
        self._begins, self._steps = self._count_steps()
        self.now = RunStep(0, self._steps)

    def is_begun_of(self, step: Followed) -> bool:
        """Whether this is the beginning of what a step is to go on with."""
        mine = self._step
        return (mine.object_ids, mine.direction, mine.frames, mine.across) == (
            step.object_ids,
            step.direction,
            step.frames,
            step.across,
        )

    @property
    def is_finished(self) -> bool:
        """Whether all is done."""
        return self.now.done == self.now.steps

    def close(self) -> None:
        """Delete what was kept to go on with."""
        self._place.close()

    def follow(self, token: CancelToken | None) -> Generator[tuple[MaskResult, ...]]:
        """Yield what is found step by step; at many steps it is nothing to be shown.

        Masks on prompted frames come along the first axis only: they are the answers
        that the user has seen.

        Raises
        ------
        FrameError
            At the end, if frames could not be read.
        StorageError
            If there is no room for the volume.
        """
        self.now = RunStep(0, self._steps)
        yield ()
        work = AcrossAxes(
            self._place.axes, self._tracker.alike, along_first=self._along_first
        )
        prompts = dict.fromkeys(self._told, FramePrompts())
        voted = FinishedFrames(self._place.folder, self._place.copy.shape[1:])
        with closing(voted), closing(work((), prompts, token)) as items:
            for item in items:
                if isinstance(item, Progress):
                    yield self._followed(item)
                else:
                    yield self._fused(item, voted)
        if token is None or not token.is_cancelled:
            self.now = RunStep(self._steps, self._steps)
            yield ()

    def _followed(self, progress: Progress) -> tuple[MaskResult, ...]:
        """Take down how far it is along an axis; return what is to be shown."""
        found, self._latest = self._latest, None
        if progress.label in self._begins:
            done = self._begins[progress.label] + progress.done
            where = f"(now {progress.label})"
        else:
            done, where = self.now.done + (found is not None), ""
        self.now = RunStep(done, self._steps, where=where)
        return () if found is None else tuple(found)

    def _fused(
        self, result: FrameResult, voted: FinishedFrames
    ) -> tuple[MaskResult, ...]:
        """Return what a frame has come to: no two objects overlap, as in other runs.

        What is found of an object may take pixels from those that came before.
        """
        self.now = RunStep(self._steps - 1, self._steps, where="(now fusing)")
        frame = result.frame
        answers = [one for place, one in self._answers.items() if place[1] == frame]
        found = [one for one in result if (one.object_id, frame) not in self._told]
        for answer in answers:
            found = [one.without(answer) for one in found]
        before = {one.object_id: one.area for one in voted[frame]}
        now = voted.add(FrameResult(frame, tuple(found)))
        return tuple(one for one in now if before.get(one.object_id) != one.area)

    def _along_first(
        self,
        position: Position,
        prompts: Mapping[FramePlace, FramePrompts],
        token: CancelToken | None,
    ) -> Generator[FrameResult | Progress]:
        """Follow objects as any run does, and copy the volume for the other axes."""
        first = self._tracker.alike(self._tracker.frames)
        first.take_up(self._tracker.put_by())
        problem: FrameError | None = None
        run = first.propagate(
            direction=self._step.direction,
            frames=self._frames,
            objects=sorted({object_id for object_id, _ in prompts}),
            token=token,
        )
        try:
            with closing(run) as found:
                for result in found:
                    self._latest = result
                    self._note_answers(result)
                    yield result
        except FrameError as error:
            problem = error  # what was found before it is cut by the other axes
        yield from self._place.copy.fill(min(frame for _, frame in prompts), token)
        if problem is not None:
            raise problem

    def _note_answers(self, result: FrameResult) -> None:
        for one in result:
            place = one.object_id, one.frame
            if place in self._told:
                self._answers[place] = replace(one, soft=None)

    def _count_steps(self) -> tuple[dict[str, int], int]:
        """Return how many steps are before each of the other axes, and in all."""
        step, begins = self._step, {}
        count = len(
            self._tracker.plan(
                direction=step.direction, frames=self._frames, objects=step.object_ids
            )
        )
        for one in step.across:
            begins[f"along {one.name}"] = count
            count += self._place.copy.shape[one.number]
        return begins, count + 1  # the last one is to fuse
