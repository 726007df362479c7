"""Finding objects on a frame from their memories, and remembering what was found."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple

import torch

from napari_sam2.engine.objects.conditioning import pointer_span
from napari_sam2.engine.objects.memory import FrameMemory
from napari_sam2.engine.objects.stepping import MemoryQuery, group_by_memory, track
from napari_sam2.engine.views.view import boxes_of
from napari_sam2.engine.views.window import Sighting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.frames.ahead import FramesAhead
    from napari_sam2.engine.groups import GroupRunner
    from napari_sam2.engine.objects.stepping import Prediction
    from napari_sam2.engine.objects.track import ObjectTrack
    from napari_sam2.engine.parts import SessionParts
    from napari_sam2.engine.runs.plan import Step


class Finding(NamedTuple):
    """How one object was looked for, and what was found."""

    query: MemoryQuery
    prediction: Prediction


class ObjectFinder:
    """Finds objects that are not prompted on a frame.

    Parameters
    ----------
    parts : SessionParts
    """

    def __init__(self, parts: SessionParts) -> None:
        self._parts = parts
        self._window, rules = parts.window, parts.rules
        self._span = pointer_span(parts.model, parts.frame_count)
        self._reach = rules.reach
        self._keep = max(parts.options.history_frames, self._reach.pointers)

    def find(
        self,
        tracks: Sequence[ObjectTrack],
        step: Step,
        groups: GroupRunner,
        ahead: FramesAhead,
    ) -> list[Finding]:
        """Look for objects, and once more for those that were lost or cut off."""
        queries = [self._query(one, step) for one in tracks]
        stay_whole = any(map(self._stays_whole, queries))
        with ahead.whole(step.frame) if stay_whole else nullcontext():
            findings = self._look(queries, step, groups, ahead)
        if self._window.is_off or not findings:
            return findings
        wider = self._look(self._widened(findings), step, groups, ahead)
        if not wider:
            return findings
        logits = torch.cat([one.prediction.state.object_logits[0] for one in wider])
        better = {
            one.query.object_id: one
            for one, logit in zip(wider, logits.tolist(), strict=True)
            if logit > 0
        }
        return [better.get(one.query.object_id, one) for one in findings]

    def remember(self, finding: Finding, step: Step, result: MaskResult) -> None:
        """Keep what was found for the frames that follow."""
        query, prediction = finding
        before = Sighting(query.view, None) if query.seen is None else query.seen[0]
        memory = FrameMemory(
            prediction.spatial,
            prediction.state.pointers[0],
            before.after(query.view, result.box_yxyx),
            prediction.state.logits,
            step.is_reverse,
        )
        query.bank.remember(step.frame, memory, self._keep, self._reach)

    def forget_far(self, tracks: Iterable[ObjectTrack], near: Collection[int]) -> bool:
        """Forget what is not looked at from some frames, nor from prompts.

        Only the first and the last prompt of each object count: there a run begins, or
        turns.

        Returns
        -------
        bool
            Whether there was any.
        """
        found = [
            one.bank.forget_far({*near, *one.prompted}, self._reach) for one in tracks
        ]
        return any(found)

    def forget(self, one: ObjectTrack, frames: range) -> None:
        """Forget what is to be found anew, and what no run looks at any more.

        Beside where this one begins, or turns, an earlier one may have left off.
        """
        one.bank.forget(frames)
        ends = {frames[0], frames[-1]} if frames else set()
        one.bank.forget_left({*one.answers, *ends}, self._reach)

    def _query(self, one: ObjectTrack, step: Step) -> MemoryQuery:
        bank, frame, is_reverse = one.bank, step.frame, step.is_reverse
        selection = bank.select(
            frame,
            is_reverse=is_reverse,
            frame_count=self._parts.frame_count,
            rules=self._parts.rules,
        )
        if self._window.is_off:  # looking up where it was would change nothing
            return MemoryQuery(one.object_id, bank, selection, self._window.whole)
        seen = bank.last_seen(frame, is_reverse=is_reverse)
        view = self._window.whole if seen is None else self._window.after(*seen)
        return MemoryQuery(one.object_id, bank, selection, view, seen)

    def _stays_whole(self, query: MemoryQuery) -> bool:
        """Whether an object is looked for in whole frames, here and likely next."""
        return query.seen is None or self._window.stays_whole(*query.seen)

    def _look(
        self,
        queries: Sequence[MemoryQuery],
        step: Step,
        groups: GroupRunner,
        ahead: FramesAhead,
    ) -> list[Finding]:
        def look(chunk: Sequence[MemoryQuery]) -> list[Prediction]:
            views = [one.view for one in chunk]
            features = ahead.features(step.frame, views)
            return track(self._parts.model, features, chunk, self._span)

        findings: list[Finding] = []
        for group in group_by_memory(queries):
            group.sort(key=lambda one: one.view)  # shared views come together
            findings += map(Finding, group, groups.run(group, look))
        return findings

    def _widened(self, findings: Sequence[Finding]) -> list[MemoryQuery]:
        """Return how to look again for what was lost or cut off."""
        logits = torch.cat([one.prediction.state.logits[:, 0] for one in findings])
        queries = [one.query for one in findings]
        boxes = boxes_of(logits, [one.view for one in queries])
        return [
            one._replace(view=view)
            for one, box in zip(queries, boxes, strict=True)
            if (view := self._window.look_again(one.view, box)) is not None
        ]
