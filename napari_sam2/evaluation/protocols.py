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

from napari_sam2.core.packing import pack_result
from napari_sam2.evaluation.asking import Asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.evaluation.masks import Masks
    from napari_sam2.evaluation.user import User

Correcting = Literal["never", "offline", "online"]


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
    def is_single(self) -> bool:
        """Whether nothing is said after the first frame."""
        return self.correcting == "never"

    @property
    def passes(self) -> int:
        """Passes through the stack."""
        return self.most_frames if self.correcting == "offline" else 1


def follow(
    user: User, masks: Masks, token: CancelToken, on_frame: Callable[[], None]
) -> list[dict[int, float]]:
    """Prompt objects, follow them, and correct them as the protocol says.

    Parameters
    ----------
    user : User
    masks : Masks
        Gets what is found.
    token : CancelToken
        Stops before the next frame.
    on_frame : callable
        Called after every frame.

    Returns
    -------
    list of dict of int to float
        After each pass, every object's mean J. There are fewer passes than the protocol
        allows when nothing is left to correct.
    """
    user.begin(token)
    passes: list[dict[int, float]] = []
    for number in range(user.protocol.passes):
        if number and not user.correct_worst(masks):
            break
        for _ in _forward(user, masks, token):
            on_frame()
        if token.is_cancelled:
            break
        passes.append({i: user.mean_j(masks, i) for i in user.todo.ids})
    return passes


def _forward(user: User, masks: Masks, token: CancelToken) -> Iterator[None]:
    """Follow all objects forward from where they start."""
    is_online = user.protocol.correcting == "online"
    for result in user.tracker.propagate(
        direction="forward", frames=user.todo.frames, token=token
    ):
        for one in result:
            masks.put(one.object_id, one.frame, pack_result(one).mask)
            if is_online and user.is_bad(masks, one.object_id, one.frame):
                user.correct(masks, one.object_id, one.frame)
        yield
