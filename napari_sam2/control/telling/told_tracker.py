"""A tracker and what it was told: every step is done here, and taken down.

Sessions at work and replays of old ones go this way, so the same steps give the same
masks.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, cast

from napari_sam2.control.telling.refining import refine
from napari_sam2.control.telling.remembered import Remembered
from napari_sam2.control.telling.snapshot import Refinement
from napari_sam2.control.volumes.crossing import Crossing, begin_crossing
from napari_sam2.core.errors import Sam2Error
from napari_sam2.core.masks.packed import PackedMask, PackedResult
from napari_sam2.core.masks.packing import pack_result
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.recipe import Followed, Removed, Told
from napari_sam2.state.masks import Origin

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from napari_sam2.control.ports import Tracker, VolumeTracker
    from napari_sam2.control.telling.recording import Recorder
    from napari_sam2.control.telling.snapshot import Said, Snapshot
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.results import MaskResult
    from napari_sam2.state.masks import Place


class ToldTracker:
    """A tracker that remembers what it was told and found.

    Parameters
    ----------
    tracker : Tracker
        Which was told nothing yet.
    recorder : Recorder
        Takes every step down.

    Attributes
    ----------
    told : dict of (object_id, frame) to (said, PackedResult)
        What was said, and the answer.
    remembered : Remembered
        What runs found.
    crossing : Crossing or None
        The run along several axes that goes on, or was stopped.
    """

    def __init__(self, tracker: Tracker, recorder: Recorder) -> None:
        self.told: dict[Place, tuple[Said, PackedResult]] = {}
        self.remembered = Remembered()
        self.crossing: Crossing | None = None
        self._tracker = tracker
        self._recorder = recorder

    @property
    def tracker(self) -> Tracker:
        """The tracker itself, to be asked and not to be told."""
        return self._tracker

    @property
    def object_ids(self) -> set[int]:
        """The objects that something was said about."""
        return {object_id for object_id, _ in self.told}

    def tell(self, step: Told, *, spare_id: int) -> None:
        """Replace what was said about an object on a frame.

        Parameters
        ----------
        step : Told
        spare_id : int
            A number that is no object.

        Raises
        ------
        FrameError, PromptError
            If it cannot be answered; what was said before still holds.
        """
        place = step.object_id, step.frame
        said = said_in(step)
        self.leave_crossing()
        if said is None:
            self._tracker.set_prompts(*place, FramePrompts())
            self._recorder.add(step)
            self.told.pop(place, None)
            return
        result = self._answer(step, said, spare_id)
        if result is not None:
            number = self._recorder.add(step)
            self.told[place] = said, pack_result(result, step=number)

    def recall(self, snapshot: Snapshot) -> None:
        """Know what a tracker was told and found that goes on as another one did.

        Parameters
        ----------
        snapshot : Snapshot
            Of the same objects, with the masks that the other one gave.
        """
        for object_id in snapshot.scope:
            for frame, mask in snapshot.masks.of_object(object_id).items():
                place, said = (object_id, frame), snapshot.said.get((object_id, frame))
                found = PackedResult(
                    *place, mask.mask, mask.predicted_iou, mask.object_logit,
                    is_prompted=said is not None, step=mask.step,
                )  # fmt: skip
                if said is not None:
                    self.told[place] = said, found
                elif mask.origin is Origin.TRACKED:
                    self.remembered.note(found)

    def remove(self, step: Removed) -> None:
        """Forget an object."""
        self.leave_crossing()
        self._tracker.remove_object(step.object_id)
        self._recorder.add(step)
        self.told = {p: t for p, t in self.told.items() if p[0] != step.object_id}
        self.remembered.forget(step.object_id)

    def count_steps(self, step: Followed) -> int:
        """Count the frames of a whole run."""
        return len(
            self._tracker.plan(
                direction=step.direction, frames=_span(step), objects=step.object_ids
            )
        )

    def can_resume(self, step: Followed) -> bool:
        """Whether a run was stopped that a step can go on with."""
        if step.across:
            return self.crossing is not None and self.crossing.is_begun_of(step)
        return self._tracker.is_paused

    def follow(
        self, step: Followed, token: CancelToken | None = None
    ) -> Generator[tuple[PackedResult, ...]]:
        """Carry objects through the stack; yield what is found, frame by frame.

        Along several axes, nothing is found in many steps, and masks come again.
        """
        number = self._recorder.add(step)
        begin = self._cross if step.across else self._begin
        with closing(begin(step, token)) as found:
            for result in found:
                packed = tuple(self._as_told(one, number) for one in result)
                if not step.across:
                    self._note(packed)
                self._recorder.count_frame(number)
                yield packed

    def _note(self, packed: Iterable[PackedResult]) -> None:
        for one in packed:
            self.remembered.note(one)

    def _cross(
        self, step: Followed, token: CancelToken | None
    ) -> Generator[Iterable[MaskResult]]:
        """Carry objects along several axes; none of it is remembered."""
        if not step.is_resumed or self.crossing is None:
            self.leave_crossing()
            volume = cast("VolumeTracker", self._tracker)
            self.crossing = begin_crossing(volume, step, self.told)
            self.remembered = Remembered()
        try:
            yield from self.crossing.follow(token)
        except Sam2Error:
            self.leave_crossing()  # it is begun anew when what is wrong was mended
            raise
        if self.crossing.is_finished:
            self.leave_crossing()

    def leave_crossing(self) -> None:
        """Keep nothing more of a run along several axes that was stopped."""
        if self.crossing is not None:
            self.crossing.close()
        self.crossing = None

    def _begin(
        self, step: Followed, token: CancelToken | None
    ) -> Generator[Iterable[MaskResult]]:
        self.leave_crossing()
        if step.is_resumed:
            return self._tracker.resume(token=token)
        return self._tracker.propagate(
            direction=step.direction,
            frames=_span(step),
            objects=step.object_ids,
            token=token,
        )

    def _answer(self, step: Told, said: Said, spare_id: int) -> MaskResult | None:
        place = step.object_id, step.frame
        if isinstance(said, Refinement):
            return refine(self._tracker, place, said, spare_id=spare_id)
        if isinstance(said, PackedMask):
            return self._tracker.set_prompts(*place, FramePrompts(mask=said))
        previous = None if step.previous is None else step.previous.mask
        return self._tracker.set_prompts(*place, said, previous=previous)

    def _as_told(self, result: MaskResult, number: int) -> PackedResult:
        """Pack a result; where a painting was refined, as it was refined."""
        told = self.told.get((result.object_id, result.frame))
        if told is not None and isinstance(told[0], Refinement):
            return told[1]
        return pack_result(result, step=number)


def said_in(step: Told) -> Said | None:
    """Return what a step says, in one piece; None when it withdraws."""
    if step.painted is None:
        return step.prompts
    if step.prompts is None:
        return step.painted
    return Refinement(step.prompts, step.painted)


def telling(place: Place, said: Said | None, previous: PackedMask | None) -> Told:
    """Return the step that says something."""
    if isinstance(said, Refinement):
        return Told(*place, said.prompts, said.painted)
    if isinstance(said, PackedMask):
        return Told(*place, painted=said)
    return Told(*place, said, previous=previous)


def _span(step: Followed) -> range | None:
    return None if step.frames is None else range(*step.frames)
