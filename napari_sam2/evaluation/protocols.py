"""Objects prompted by a simulated user, and followed forward by a model.

- *First frame*: everything is said on the first frame; nothing is corrected.
- *Offline*: after each pass through the stack, every object is corrected by clicks on
  the frame on which its mask is worst, and all is followed again.
- *Online*: a single pass; as soon as a mask is bad, it is corrected by clicks there,
  and the pass goes on.

The last two are those of Ravi et al., SAM 2: Segment Anything in Images and Videos,
2024, section on promptable video segmentation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from napari_sam2.core.packed import pack_result
from napari_sam2.evaluation.asking import Asking, first_prompts, with_correction
from napari_sam2.evaluation.overlap import jaccard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import numpy.typing as npt

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.tracker import VideoTracker
    from napari_sam2.evaluation.assignment import Assignment
    from napari_sam2.evaluation.masks import Masks

Correcting = Literal["never", "offline", "online"]
GOOD_ENOUGH = 0.75
"""J below which a mask is corrected online."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is said, and when.

    Attributes
    ----------
    asking : Asking
        What is said on the first frame; its number of clicks also holds for others.
    correcting : str
        ``"never"``, ``"offline"`` or ``"online"``.
    most_frames : int
        Most prompted frames of an object, the first one included.
    """

    asking: Asking = field(default_factory=lambda: Asking("box"))
    correcting: Correcting = "never"
    most_frames: int = 8

    def __str__(self) -> str:
        """Write as ``box``, or ``click + offline``."""
        asking = str(self.asking)
        return asking if self.correcting == "never" else f"{asking} + {self.correcting}"

    @property
    def passes(self) -> int:
        """Passes through the stack."""
        return self.most_frames if self.correcting == "offline" else 1


@dataclass(frozen=True, slots=True)
class User:
    """A simulated user, who knows the true masks and talks to a tracker.

    Attributes
    ----------
    tracker : VideoTracker
    true : Masks
    todo : Assignment
    protocol : Protocol
    """

    tracker: VideoTracker
    true: Masks
    todo: Assignment
    protocol: Protocol

    def begin(self, token: CancelToken) -> None:
        """Prompt every object on the frame on which it starts."""
        for object_id in sorted(self.todo.ids, key=lambda i: (self.todo.starts[i], i)):
            if token.is_cancelled:
                return
            frame = self.todo.starts[object_id]
            mask = self.true.mask(object_id, frame)
            said = first_prompts(self.protocol.asking.kind, mask)
            answer = self.say(object_id, frame, said)
            self.correct(answer, mask, self.protocol.asking.clicks - 1, said)

    def say(
        self,
        object_id: int,
        frame: int,
        said: FramePrompts,
        previous: npt.NDArray[np.bool_] | None = None,
    ) -> MaskResult:
        """Say something about an object, and return the answer."""
        answer = self.tracker.set_prompts(object_id, frame, said, previous=previous)
        assert answer is not None
        return answer

    def correct(
        self,
        answer: MaskResult,
        mask: npt.NDArray[np.bool_],
        clicks: int,
        said: FramePrompts,
    ) -> MaskResult:
        """Click where an answer is most wrong, a few times or until nothing is."""
        for _ in range(clicks):
            more = with_correction(said, answer.mask, mask)
            if more is None:
                break
            said = more
            answer = self.say(answer.object_id, answer.frame, said, answer.mask)
        return answer


def follow(
    user: User, answers: Masks, token: CancelToken, on_frame: Callable[[], None]
) -> None:
    """Prompt objects, follow them, correct them as the protocol says.

    Parameters
    ----------
    user : User
    answers : Answers
        Gets the masks.
    token : CancelToken
        Stops before the next frame.
    on_frame : callable
        Called after every frame.
    """
    user.begin(token)
    for _ in _forward(user, answers, token):
        on_frame()


def _forward(user: User, answers: Masks, token: CancelToken) -> Iterator[None]:
    """Follow all objects forward from where they start."""
    for result in user.tracker.propagate(
        direction="forward", frames=user.todo.frames, token=token
    ):
        for one in result:
            answers.put(one.object_id, one.frame, pack_result(one).mask)
        yield


def worst_frame(user: User, answers: Masks, object_id: int) -> tuple[int, float] | None:
    """Return the counted frame that an object's mask is worst on, and its J there.

    Frames that were prompted before do not count; None when there is no other.
    """
    said = user.tracker.prompts(object_id)
    scores = [
        (jaccard(answers.mask(object_id, f), user.true.mask(object_id, f)), f)
        for f in user.todo.counted[object_id]
        if f not in said
    ]
    if not scores:
        return None
    worst, frame = min(scores)
    return frame, worst
