"""A simulated user, who knows the true masks and talks to a tracker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.core.masks.packing import pack_result
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.evaluation.asking import first_prompts, with_correction
from napari_sam2.evaluation.masks import joint_crop
from napari_sam2.evaluation.means import mean
from napari_sam2.evaluation.measures import jaccard

if TYPE_CHECKING:
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.tracker import VideoTracker
    from napari_sam2.evaluation.assignment import Assignment
    from napari_sam2.evaluation.masks import Masks
    from napari_sam2.evaluation.protocol import Protocol

GOOD_ENOUGH = 0.75
"""J below which a mask is corrected online."""


@dataclass(frozen=True, slots=True)
class User:
    """Prompts objects, and corrects them where they are worst.

    Attributes
    ----------
    tracker : VideoTracker
    true : Masks
        The true masks.
    todo : Assignment
        Which objects start where.
    protocol : Protocol
    """

    tracker: VideoTracker
    true: Masks
    todo: Assignment
    protocol: Protocol

    def begin(self, token: CancelToken) -> None:
        """Prompt every object on the frame on which it starts."""
        asking = self.protocol.asking
        for object_id in sorted(self.todo.ids, key=lambda i: (self.todo.starts[i], i)):
            if token.is_cancelled:
                return
            frame = self.todo.starts[object_id]
            said = first_prompts(asking.kind, self.true.mask(object_id, frame))
            answer = self.tracker.set_prompts(object_id, frame, said)
            self._refine(answer, said, asking.clicks - 1)

    def correct(self, masks: Masks, object_id: int, frame: int) -> None:
        """Correct a tracked mask by clicks, and keep the answer."""
        mask = masks.mask(object_id, frame)
        said = with_correction(FramePrompts(), mask, self.true.mask(object_id, frame))
        if said is None:
            return
        answer = self.tracker.set_prompts(object_id, frame, said, previous=mask)
        answer = self._refine(answer, said, self.protocol.asking.clicks - 1)
        masks.put(object_id, frame, pack_result(answer).mask)

    def correct_worst(self, masks: Masks) -> bool:
        """Correct every object where it is worst; return whether there was anything."""
        worst = {i: self._worst_frame(masks, i) for i in self.todo.ids}
        for object_id, frame in worst.items():
            if frame is not None:
                self.correct(masks, object_id, frame)
        return any(frame is not None for frame in worst.values())

    def is_bad(self, masks: Masks, object_id: int, frame: int) -> bool:
        """Whether a mask that was just found is to be corrected online."""
        return (
            self.todo.counts(object_id, frame)
            and len(self.tracker.prompts(object_id)) < self.protocol.most_frames
            and self._j(masks, object_id, frame) < GOOD_ENOUGH
        )

    def mean_j(self, masks: Masks, object_id: int) -> float:
        """Return an object's mean J over the frames that count."""
        frames = self.todo.counted[object_id]
        return mean(self._j(masks, object_id, frame) for frame in frames)

    def _worst_frame(self, masks: Masks, object_id: int) -> int | None:
        """Return the frame, not prompted yet, with the lowest J, if one is below 1."""
        said = self.tracker.prompts(object_id)
        scores = [
            (self._j(masks, object_id, frame), frame)
            for frame in self.todo.counted[object_id]
            if frame not in said
        ]
        worst, frame = min(scores, default=(1.0, 0))
        return frame if worst < 1 else None

    def _j(self, masks: Masks, object_id: int, frame: int) -> float:
        found, true = masks.packed(object_id, frame), self.true.packed(object_id, frame)
        return jaccard(*joint_crop(found, true))

    def _refine(
        self, answer: MaskResult | None, said: FramePrompts, clicks: int
    ) -> MaskResult:
        """Click where an answer is most wrong, a few times or until nothing is."""
        assert answer is not None  # something was said
        true = self.true.mask(answer.object_id, answer.frame)
        for _ in range(clicks):
            more = with_correction(said, answer.mask, true)
            if more is None:
                break
            said = more
            answer = self.tracker.set_prompts(answer.object_id, answer.frame, said)
            assert answer is not None
        return answer
