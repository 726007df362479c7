"""Undo and redo: one gesture, one step; one run, one step; bounded memory."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_sam2.state.edit import Edit

if TYPE_CHECKING:
    from collections.abc import Hashable

    from napari_sam2.state.document import Document

_MIB = 1 << 20
_REACH = 8
"""How many steps back a gesture that is still going on may be found."""


class History:
    """The steps that led to a document, and back.

    Parameters
    ----------
    document : Document
    max_steps : int, optional
        Steps kept; the oldest are dropped first.
    max_bytes : int, optional
        About how much memory the steps to undo, and those to redo, may each keep alive;
        the newest step is always kept.
    """

    changed = Signal()
    """What can be undone or redone is different now."""
    travelling = Signal(Edit)
    """Undo or redo is about to make this edit."""

    def __init__(
        self,
        document: Document,
        *,
        max_steps: int = 200,
        max_bytes: int = 256 * _MIB,
    ) -> None:
        self.document = document
        self._max_steps = max_steps
        self._max_bytes = max_bytes
        self._undo: deque[_Step] = deque()
        self._redo: deque[_Step] = deque()

    @property
    def undo_label(self) -> str | None:
        """What undo would take back; None when there is nothing."""
        return self._undo[-1].label if self._undo else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again; None when there is nothing."""
        return self._redo[-1].label if self._redo else None

    @property
    def nbytes(self) -> int:
        """About how much memory all steps keep alive."""
        return sum(step.nbytes for step in (*self._undo, *self._redo))

    def __len__(self) -> int:
        """Count the steps that can be undone."""
        return len(self._undo)

    def do(self, edit: Edit, *, gesture: Hashable | None = None) -> None:
        """Make an edit that can be undone.

        Parameters
        ----------
        edit : Edit
            From :mod:`napari_sam2.state.edits`. One that changes nothing is
            ignored.
        gesture : hashable, optional
            Edits of one gesture (a drag, a run) are undone together, also when
            something unrelated was done in between.
        """
        inverse = edit.inverse(self.document)
        if edit.does_the_same_as(inverse):
            return
        step = self._step_of(gesture, edit)
        if step is None:
            self._undo.append(_Step(edit.label, gesture, inverse))
        else:
            step.absorb(inverse)
        self._redo.clear()
        self._forget_oldest(self._undo)
        self.document.apply(edit)
        self.changed.emit()

    def undo(self) -> bool:
        """Take the last step back; return whether there was one."""
        return self._travel(self._undo, self._redo)

    def redo(self) -> bool:
        """Do again what was undone; return whether there was something."""
        return self._travel(self._redo, self._undo)

    def clear(self) -> None:
        """Forget all steps."""
        self._undo.clear()
        self._redo.clear()
        self.changed.emit()

    def _travel(self, source: deque[_Step], target: deque[_Step]) -> bool:
        if not source:
            return False
        self.travelling.emit(source[-1].edit)
        step = source.pop()
        target.append(_Step(step.label, None, step.edit.inverse(self.document)))
        self._forget_oldest(target)
        self.document.apply(step.edit)
        self.changed.emit()
        return True

    def _step_of(self, gesture: Hashable | None, edit: Edit) -> _Step | None:
        """Find the gesture's step, unless a later step touches the same places."""
        if gesture is None:
            return None
        for step, _ in zip(reversed(self._undo), range(_REACH), strict=False):
            if step.gesture == gesture:
                return step
            if step.touches(edit):
                return None
        return None

    def _forget_oldest(self, steps: deque[_Step]) -> None:
        size = sum(step.nbytes for step in steps)
        while len(steps) > 1 and (
            len(steps) > self._max_steps or size > self._max_bytes
        ):
            size -= steps.popleft().nbytes


class _Step:
    """What brings back the state before a gesture."""

    __slots__ = ("_masks", "_objects", "_prompts", "gesture", "label", "nbytes")

    def __init__(self, label: str, gesture: Hashable | None, inverse: Edit) -> None:
        self.label = label
        self.gesture = gesture
        self.nbytes = inverse.nbytes
        self._objects = dict(inverse.objects)
        self._prompts = dict(inverse.prompts)
        self._masks = dict(inverse.masks)

    @property
    def edit(self) -> Edit:
        return Edit(self.label, self._objects, self._prompts, self._masks)

    def absorb(self, inverse: Edit) -> None:
        """Add the inverse of a later edit; where both know a place, the first holds."""
        self._objects = {**inverse.objects, **self._objects}
        self._prompts = {**inverse.prompts, **self._prompts}
        news = {p: m for p, m in inverse.masks.items() if p not in self._masks}
        self._masks |= news  # in place: a run has thousands
        self.nbytes += Edit(self.label, masks=news).nbytes

    def touches(self, edit: Edit) -> bool:
        """Whether an edit names a place that this step brings back."""
        return not (
            self._objects.keys().isdisjoint(edit.objects)
            and self._prompts.keys().isdisjoint(edit.prompts)
            and self._masks.keys().isdisjoint(edit.masks)
        )
