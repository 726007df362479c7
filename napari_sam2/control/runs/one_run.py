"""One run, and what is said of it when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

from napari_sam2.control.orders import RunStep
from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.wording import counted

if TYPE_CHECKING:
    from napari_sam2.control.orders import RunOrder
    from napari_sam2.control.runs.pace import Pace
    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.masks import Place


class Stage(Enum):
    """How it stands with a run, as long as nothing that it was made with is changed."""

    GOING = auto()
    """It can be gone on with wherever it is stopped."""
    GIVES_WAY = auto()
    """It is stopped, as the user has said something that is to be answered first."""
    UNDONE = auto()
    """Undo or redo went over it, and said so: nothing more is taken."""
    TAKEN_BACK = auto()
    """Undo went over it before it was a step: what it continued is left to do."""


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The user changed what it was made with; ``because_of`` names it, if known."""

    because_of: str = ""


RunState: TypeAlias = Stage | Abandoned


@dataclass(slots=True, eq=False)
class Run:
    """A run that was asked for and has not ended.

    ``places`` are those that were computed, also before the run was continued: going
    both ways, a frame may be several of the ``steps``. ``after`` is what was the last
    step of the history when it was asked for.
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
    state: RunState = Stage.GOING

    def stop(self) -> None:
        """Have it stop after its frame, which is still taken."""
        self.token.cancel()

    def give_way(self) -> None:
        """Stop for what the user has said, unless nothing more is taken anyway."""
        if not self.is_void:
            self.state = Stage.GIVES_WAY
        self.stop()

    def abandon(self, because_of: str = "") -> None:
        """Stop for a change: it is the first one with a name that is spoken of."""
        match self.state:
            case Stage.UNDONE | Stage.TAKEN_BACK:
                self.state = Stage.UNDONE  # what it continued is out of date, too
            case Abandoned(because_of=known) if known:
                pass
            case _:
                self.state = Abandoned(because_of)
        self.stop()

    def undo(self) -> None:
        """Stop, as undo or redo goes over it."""
        self.state = Stage.UNDONE
        self.stop()

    def take_back(self) -> None:
        """Stop before it is a step, as if it had not been asked for."""
        self.state = Stage.TAKEN_BACK
        self.stop()

    @property
    def is_void(self) -> bool:
        """Whether what still comes must not be taken."""
        return isinstance(self.state, Abandoned) or self.is_spoken_of

    @property
    def is_spoken_of(self) -> bool:
        """Whether its end was told already, by what ended it."""
        return self.state in (Stage.UNDONE, Stage.TAKEN_BACK)

    @property
    def change(self) -> str:
        """What the user changed, if that has ended it and has a name."""
        return self.state.because_of if isinstance(self.state, Abandoned) else ""

    @property
    def label(self) -> str:
        """What it does, as a step of the history."""
        label = _label(len(self.order.objects))
        across = self.order.across
        return f"{label} along {len(across) + 1} axes" if across else label

    @property
    def frames_done(self) -> int:
        """How many frames were computed, each counted once."""
        return len({frame for _, frame in self.places})

    @property
    def outcome(self) -> str:
        """What was found, of the objects that had to be computed."""
        label = _label(len({object_id for object_id, _ in self.places}))
        count = self.frames_done
        return f"{label}: {counted(count, 'frame is', 'frames are')} done."

    @property
    def has_not_gone_on(self) -> bool:
        """Whether it was to go on with another, and ended before it could."""
        return self.order.resumes is not None and not self.steps

    @property
    def rest(self) -> RunOrder | None:
        """What is left to do, if anything and if it still makes sense."""
        if self.state is Stage.TAKEN_BACK and self.order.resumes is not None:
            return self.order
        if self.order.across and self.state is Stage.GIVES_WAY:
            return None  # what was said changes what is found along every axis
        if not self.is_void and self.has_not_gone_on:
            return self.order
        if self.is_void or self.done >= self.steps:
            return None
        return replace(self.order, resumes=RunStep(self.done, self.steps))

    def kept_of(self, frame_count: int) -> str:
        """Say how many frames of a stack are done."""
        return kept_of(self.order, self.frames_done, self.steps, frame_count)

    def farewell(self, frame_count: int) -> str:
        """Say how far the run came, and how to go on."""
        kept = self.kept_of(frame_count)
        if self.change:
            return (
                f"Stopped because of a change of {self.change}: "
                f"{kept if self.done else 'no frame was done yet.'} "
                "Propagate computes all of it anew."
            )
        if not self.is_void and self.has_not_gone_on:
            return "The run was stopped. Continue goes on with the rest."
        if self.is_void or not self.done:
            return "The run was stopped."
        if self.done >= self.steps:
            return self.outcome
        if self.order.across:
            return self._farewell_across(kept)
        if self.state is Stage.GIVES_WAY:
            return (
                f"Stopped for your correction: {kept} Correct as much as you like; "
                "then Continue computes the rest, and Propagate all of it anew."
            )
        return f"Stopped: {kept} Continue goes on with the rest."

    def _farewell_across(self, kept: str) -> str:
        """Say how to go on with a run along several axes that was stopped."""
        if self.state is Stage.GIVES_WAY:
            return (
                f"Stopped for your correction: {kept} Correct as much as you like; "
                "then Propagate computes it along all axes anew."
            )
        if self.done == self.steps - 1:
            return (
                "Stopped while the axes were being fused: not all frames are yet. "
                "Continue fuses all of them."
            )
        return (
            f"Stopped before the axes were fused: {kept} Continue goes on, with the "
            "axis it was at from its beginning, as long as napari is open."
        )


def kept_of(order: RunOrder, done: int, steps: int, frame_count: int) -> str:
    """Say how many frames of a stack a run has done, each counted once."""
    total = frames_of(order, steps, frame_count)
    return f"{done} of {total} frames are done, and are kept."


def frames_of(order: RunOrder, steps: int, frame_count: int) -> int:
    """Return how many frames a run is about, each counted once."""
    frames = order.frames if order.seed is None else None
    return min(frame_count if frames is None else len(frames), steps)


def _label(count: int) -> str:
    return f"Track {counted(count, 'object')}"
