"""One object's course through the stack: its prompts, answers and memories."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.engine.objects.memory import MemoryBank

if TYPE_CHECKING:
    import torch

    from napari_sam2.engine.views.view import View
    from napari_sam2.engine.views.window import Sighting
    from napari_sam2.model.object_state import ObjectState

Said: TypeAlias = FramePrompts | PackedMask

UNSEEN, FORWARD, BACKWARD = range(3)


def as_said(prompts: FramePrompts) -> Said:
    """Return prompts as they are kept: a mask as bits of its bounding box."""
    return prompts.packed or prompts


@dataclass(frozen=True, slots=True)
class ViewedMask:
    """A mask as the model sees it: on the mask grid of a view.

    Attributes
    ----------
    logits : Tensor, shape (1, 1, S/4, S/4)
    view : View
    """

    logits: torch.Tensor
    view: View

    def to(self, where: torch.device) -> ViewedMask:
        """Return the mask on a device."""
        return replace(self, logits=self.logits.to(where))


@dataclass(frozen=True, slots=True)
class Tracked:
    """What tracking said on a frame before the user corrected it.

    Attributes
    ----------
    mask : ViewedMask or None
        The tracked mask; None when it is no longer remembered.
    is_reverse : bool
        The direction in which the frame was tracked.
    """

    mask: ViewedMask | None
    is_reverse: bool

    def to(self, where: torch.device) -> Tracked:
        """Return the same with the mask on a device."""
        return replace(self, mask=self.mask and self.mask.to(where))


@dataclass(frozen=True, slots=True)
class Answer:
    """A prompted frame: what was asked, what was answered, what is refined.

    Attributes
    ----------
    said : FramePrompts or PackedMask
        The prompts, from :func:`as_said`; a whole-frame mask is kept as bits.
    state : ObjectState
        The answer, a batch of one.
    sighting : Sighting
        Where the object is, and the view that was looked at.
    correction_of : Tracked or None
        Set when the frame had been tracked: the prompts then are decoded with memory.
    """

    said: Said
    state: ObjectState
    sighting: Sighting
    correction_of: Tracked | None = None

    @property
    def mask(self) -> ViewedMask:
        """The answered mask."""
        return ViewedMask(self.state.logits, self.sighting.view)

    @property
    def prompts(self) -> FramePrompts:
        """What was asked."""
        if isinstance(self.said, PackedMask):
            return FramePrompts(mask=self.said)
        return self.said

    def answers(self, prompts: FramePrompts) -> bool:
        """Whether this is what was asked."""
        return self.said == as_said(prompts)

    def to(self, where: torch.device) -> Answer:
        """Return the answer on a device."""
        state = type(self.state)(*(part.to(where) for part in self.state))
        correction = self.correction_of and self.correction_of.to(where)
        return replace(self, state=state, correction_of=correction)


@dataclass(slots=True)
class ObjectTrack:
    """The state of one object in a session.

    Attributes
    ----------
    object_id : int
    answers : dict of int to Answer
        Prompted frames, in the order in which they were first prompted.
    bank : MemoryBank
        Memories of prompted frames (made when a run needs them) and of tracked ones.
    visits : bytearray
        One byte per frame of the stack: whether, and in which direction, a run has
        computed the object there.
    """

    object_id: int
    visits: bytearray
    answers: dict[int, Answer] = field(default_factory=dict)
    bank: MemoryBank = field(default_factory=MemoryBank)

    @property
    def prompted(self) -> tuple[int, int]:
        """First and last prompted frame."""
        return min(self.answers), max(self.answers)

    def correction_on(self, frame: int, previous: ViewedMask | None) -> Tracked | None:
        """Return what a prompt on ``frame`` would correct, or None if it is the first.

        Parameters
        ----------
        frame : int
        previous : ViewedMask or None
            The mask to refine when the session does not remember the frame's own: it
            was too long ago, or another session tracked the frame.
        """
        if frame in self.answers:
            return self.answers[frame].correction_of
        if self.visits[frame] == UNSEEN:
            return Tracked(previous, is_reverse=False) if previous is not None else None
        memory = self.bank.recent.get(frame)
        if memory is not None and memory.logits is not None:
            previous = ViewedMask(memory.logits, memory.sighting.view)
        return Tracked(previous, self.visits[frame] == BACKWARD)

    def prior_for(
        self, frame: int, prompts: FramePrompts, correction: Tracked | None
    ) -> ViewedMask | None:
        """Return the mask that ``prompts`` refine: the last answer's, or tracking's.

        The last answer is refined only by prompts that add to it: after a point was
        moved or withdrawn it would carry that point along.
        """
        before = self.answers.get(frame)
        if before is not None and prompts.extends(before.prompts):
            return before.mask
        return correction.mask if correction is not None else None

    def visit(self, frame: int, *, is_reverse: bool) -> None:
        """Note that a run has computed the object on a frame."""
        self.visits[frame] = BACKWARD if is_reverse else FORWARD

    def set_answer(self, frame: int, answer: Answer) -> None:
        """Make a frame a prompted one; its memory is made anew when it is needed."""
        self.answers[frame] = answer
        self.bank.conditioning.pop(frame, None)
        self.bank.forget([frame])

    def withdraw(self, frame: int) -> None:
        """Take back everything said about a frame."""
        self.answers.pop(frame, None)
        self.bank.conditioning.pop(frame, None)
        if not self.answers:
            self.bank = MemoryBank()
            self.visits = bytearray(len(self.visits))

    def prompted_only(self, where: torch.device) -> ObjectTrack:
        """Return the track on a device, less the memories of tracked frames."""
        answers = {frame: one.to(where) for frame, one in self.answers.items()}
        made = {frame: one.to(where) for frame, one in self.bank.conditioning.items()}
        return ObjectTrack(self.object_id, self.visits, answers, MemoryBank(made))
