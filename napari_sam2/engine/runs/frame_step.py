"""One frame of a run: prompted objects answered, the others found from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.results import FrameResult
from napari_sam2.engine.device import inference
from napari_sam2.engine.groups import GroupRunner
from napari_sam2.engine.masks.results import Seen, results_of
from napari_sam2.engine.objects.finding import ObjectFinder
from napari_sam2.engine.objects.prompt_memory import remember_answers
from napari_sam2.engine.objects.stepping import objects_at_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_sam2.engine.frames.ahead import FramesAhead
    from napari_sam2.engine.objects.track import ObjectTrack
    from napari_sam2.engine.parts import SessionParts
    from napari_sam2.engine.runs.plan import Plan, Step


class FrameStepper:
    """Computes single frames of a session.

    Parameters
    ----------
    parts : SessionParts
    """

    def __init__(self, parts: SessionParts) -> None:
        self._parts = parts
        self._model, self._encoder = parts.model, parts.encoder
        self._finder = ObjectFinder(parts)

    def run(
        self,
        step: Step,
        tracks: Sequence[ObjectTrack],
        groups: GroupRunner,
        ahead: FramesAhead,
    ) -> FrameResult:
        """Compute all objects of one frame and remember them."""
        everything = [
            Seen(one.object_id, answer.state, answer.sighting.view, answer.said)
            for one in tracks
            if (answer := one.answers.get(step.frame)) is not None
        ]
        lost = [one for one in tracks if step.frame not in one.answers]
        with inference(self._model):
            findings = self._finder.find(lost, step, groups, ahead)
            everything += [
                Seen(query.object_id, prediction.state, query.view)
                for query, prediction in findings
            ]
            everything.sort(key=lambda one: one.object_id)
            shape_hw, options = self._parts.shape_hw, self._parts.options
            results = results_of(everything, step.frame, shape_hw, options)
        by_id = {result.object_id: result for result in results}
        for one in findings:
            self._finder.remember(one, step, by_id[one.query.object_id])
        for track in tracks:
            track.visit(step.frame, is_reverse=step.is_reverse)
        return FrameResult(step.frame, results)

    def remember_answers(
        self, tracks: Sequence[ObjectTrack], groups: GroupRunner
    ) -> None:
        """Make memories of all prompts that have none yet."""
        with inference(self._model):
            remember_answers(self._model, tracks, self._encoder, groups)

    def forget_found(self, tracks: Iterable[ObjectTrack], plan: Plan) -> None:
        """Forget what a run that begins is going to find anew."""
        for one in tracks:
            self._finder.forget(one, plan.frames_of(one.object_id))

    def forget_far(
        self, tracks: Sequence[ObjectTrack], frame: int, frames: range
    ) -> bool:
        """Forget what a run through ``frames`` that is at ``frame`` does not look at.

        Returns
        -------
        bool
            Whether there was any.
        """
        last = self._parts.frame_count - 1
        # It may have begun, or turn, beside frames that an earlier run left.
        ends = [end for end in (frames[0], frames[-1]) if 0 < end < last]
        return self._finder.forget_far(tracks, [frame, *ends])

    def ahead(self, frames: Iterable[int]) -> FramesAhead:
        """Go ahead of a run that asks for frames in this order."""
        return self._parts.ahead(frames)

    def must_read(self, frame: int, tracks: Sequence[ObjectTrack]) -> bool:
        """Whether pixels are needed: not where all objects are prompted."""
        if self._parts.window.is_off and self._encoder.keeps_whole(frame):
            return False
        return any(frame not in one.answers for one in tracks)

    def groups(self) -> GroupRunner:
        """Return what computes as many objects at once as fit the device now."""
        return GroupRunner(
            self._parts.options.group_size or objects_at_once(self._model)
        )
