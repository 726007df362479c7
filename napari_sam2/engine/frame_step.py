"""One frame of a run: prompted objects answered, the others found from memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.core.results import FrameResult
from napari_sam2.engine.conditioning import pointer_span, remember_answers
from napari_sam2.engine.device import inference, working_memory
from napari_sam2.engine.masks import Scores, to_results
from napari_sam2.engine.memory import FrameMemory, select_memories
from napari_sam2.engine.stepping import (
    GroupRunner,
    Looking,
    bytes_per_object,
    group_by_memory,
    track,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.encoding import FrameEncoder
    from napari_sam2.engine.memory import MemoryRules
    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.plan import Step
    from napari_sam2.engine.reading import ReadAhead
    from napari_sam2.engine.stepping import Found
    from napari_sam2.engine.track import Answer, ObjectTrack
    from napari_sam2.model.sam2 import ObjectState, Sam2Model

_LARGEST_GROUP = 64


class FrameStepper:
    """Computes single frames of a session.

    Parameters
    ----------
    model : Sam2Model
    encoder : FrameEncoder
        Where features come from: its reader knows the stack, and its device is where
        everything is computed.
    rules : MemoryRules
    options : TrackerOptions
    """

    def __init__(
        self,
        model: Sam2Model,
        encoder: FrameEncoder,
        rules: MemoryRules,
        options: TrackerOptions,
    ) -> None:
        self._model = model
        self._encoder = encoder
        self._frames = encoder.reader.source
        self._rules = rules
        self._options = options
        self._span = pointer_span(model, len(self._frames))
        self._reach = max(rules.memory_count, rules.pointer_count) - 1

    def run(
        self,
        step: Step,
        tracks: Sequence[ObjectTrack],
        groups: GroupRunner,
        ahead: ReadAhead,
    ) -> FrameResult:
        """Compute all objects of one frame and remember them."""
        found: dict[int, tuple[ObjectState, bool]] = {}
        looking = []
        for one in tracks:
            if step.frame in one.answers:
                found[one.object_id] = (one.answers[step.frame].state, True)
            else:
                looking.append(self._looking(one, step))
        with inference(self._encoder.device):
            for object_id, state in self._find(looking, step, groups, ahead):
                found[object_id] = (state, False)
            states = [(i, *found[i]) for i in sorted(found)]
            results = self.results(step.frame, states)
        for one in tracks:
            one.visit(step.frame, is_reverse=step.is_reverse)
        return FrameResult(step.frame, results)

    def remember_answers(
        self, tracks: Sequence[ObjectTrack], groups: GroupRunner
    ) -> None:
        """Make memories of all prompts that have none yet."""
        with inference(self._encoder.device):
            remember_answers(self._model, tracks, self._encoder.features, groups)

    def result(self, object_id: int, frame: int, answer: Answer) -> MaskResult:
        """Turn the answer to one object's prompts into a result."""
        with inference(self._encoder.device):
            return self.results(frame, [(object_id, answer.state, True)])[0]

    def results(
        self, frame: int, states: list[tuple[int, ObjectState, bool]]
    ) -> tuple[MaskResult, ...]:
        """Turn answers (object, state, whether prompted) of one frame into results."""
        if not states:
            return ()
        pairs = [torch.stack([s.ious[0], s.object_logits[0, 0]]) for _, s, _ in states]
        numbers = torch.stack(pairs).float().tolist()
        scores = [
            Scores(object_id, iou, logit, is_prompted)
            for (object_id, _, is_prompted), (iou, logit) in zip(
                states, numbers, strict=True
            )
        ]
        logits = torch.cat([state.logits[:, 0] for _, state, _ in states])
        return to_results(logits, scores, frame, self._frames.shape_hw, self._options)

    def must_read(self, frame: int, tracks: Sequence[ObjectTrack]) -> bool:
        """Whether pixels are needed: not where all objects are prompted."""
        if frame in self._encoder.cache:
            return False
        return any(frame not in one.answers for one in tracks)

    def groups(self) -> GroupRunner:
        """Return what computes as many objects at once as fit the device now."""
        if self._options.group_size is not None:
            return GroupRunner(self._options.group_size)
        room = working_memory(self._encoder.device)
        fits = room // bytes_per_object(self._model.config)
        return GroupRunner(min(fits, _LARGEST_GROUP))

    def _looking(self, one: ObjectTrack, step: Step) -> Looking:
        selection = select_memories(
            one.bank.conditioning,
            one.bank.recent,
            step.frame,
            is_reverse=step.is_reverse,
            frame_count=len(self._frames),
            rules=self._rules,
        )
        return Looking(one.object_id, one.bank, selection)

    def _find(
        self,
        looking: list[Looking],
        step: Step,
        groups: GroupRunner,
        ahead: ReadAhead,
    ) -> Iterator[tuple[int, ObjectState]]:
        if not looking:
            return
        features = self._encoder.features(step.frame, ahead)
        for group in group_by_memory(looking):
            found = groups.run(
                group, lambda chunk: track(self._model, features, chunk, self._span)
            )
            for one, answer in zip(group, found, strict=True):
                self._remember(one, step, answer)
                yield one.object_id, answer.state

    def _remember(self, one: Looking, step: Step, found: Found) -> None:
        state = found.state
        memory = FrameMemory(
            found.spatial, state.pointers[0], state.logits, step.is_reverse
        )
        keep = max(self._options.history_frames, self._reach)
        one.bank.remember(step.frame, memory, keep, self._reach)
