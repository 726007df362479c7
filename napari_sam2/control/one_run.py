"""One run, and what is said of it when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_sam2.control.orders import RunStep
from napari_sam2.core.cancel import CancelToken

if TYPE_CHECKING:
    from napari_sam2.control.orders import RunOrder
    from napari_sam2.control.pace import Pace
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.masks import Place


@dataclass(slots=True, eq=False)
class Run:
    """A run that was asked for and has not ended.

    ``places`` are those that were computed, also before the run was continued: going
    both ways, a frame may be several of the ``steps``. ``is_void`` says that what still
    comes must not be taken: the run was undone, or the tracker is another one by now.
    ``is_taken_back`` says that this was before it gave a mask, while ``after`` was the
    last step of the history, ``is_undone`` that undo or redo went over it, and said so.
    ``changed`` says what the user changed, if that has ended it.
    """

    number: int
    order: RunOrder
    told: dict[Place, FramePrompts]
    pace: Pace
    after: object
    token: CancelToken = field(default_factory=CancelToken)
    steps: int = 0
    done: int = 0
    places: set[Place] = field(default_factory=set)
    has_found: bool = False
    is_void: bool = False
    is_taken_back: bool = False
    is_undone: bool = False
    gives_way: bool = False
    changed: str = ""

    @property
    def label(self) -> str:
        """What it does, as a step of the history."""
        return _label(len(self.order.objects))

    @property
    def frames_done(self) -> int:
        """How many frames were computed, each counted once."""
        return len({frame for _, frame in self.places})

    @property
    def outcome(self) -> str:
        """What was found, of the objects that had to be computed."""
        label = _label(len({object_id for object_id, _ in self.places}))
        count = self.frames_done
        return f"{label}: {count} {'frame is' if count == 1 else 'frames are'} done."

    @property
    def rest(self) -> RunOrder | None:
        """What is left to do, if anything and if it still makes sense."""
        if self.is_taken_back and self.order.resumes is not None:
            return self.order
        if self.is_void or self.done >= self.steps:
            return None
        return replace(self.order, resumes=RunStep(self.done, self.steps))

    def kept_of(self, frame_count: int) -> str:
        """Say how many frames of a stack are done."""
        frames = self.order.frames if self.order.seed is None else None
        total = frame_count if frames is None else len(frames)
        total = min(total, self.steps)
        return f"{self.frames_done} of {total} frames are done, and are kept."

    def farewell(self, frame_count: int) -> str:
        """Say how far the run came, and how to go on."""
        kept = self.kept_of(frame_count)
        if self.changed:
            return (
                f"Stopped because of a change of {self.changed}: "
                f"{kept if self.done else 'no frame was done yet.'} "
                "Propagate computes all of it anew."
            )
        if self.is_void or not self.done:
            return "The run was stopped."
        if self.done >= self.steps:
            return self.outcome
        if self.gives_way:
            return (
                f"Stopped for your correction: {kept} Correct as much as you like; "
                "then Continue computes the rest, and Propagate all of it anew."
            )
        return f"Stopped: {kept} Continue goes on with the rest."


def _label(count: int) -> str:
    return "Track 1 object" if count == 1 else f"Track {count} objects"
