"""Undo and redo: one gesture, one step; one run, one step; bounded memory and disk."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_sam2.state.edit import Edit
from napari_sam2.state.step import Step

if TYPE_CHECKING:
    from collections.abc import Hashable

    from napari_sam2.state.document import Document

_MIB = 1 << 20
_REACH = 8
"""How many steps back a gesture that is still going on may be found."""
_MOVED_AT_LEAST, _MOVED_PER_MASK = 1000, 4


class History:
    """The steps that led to a document, and back.

    Parameters
    ----------
    document : Document
    max_steps : int, optional
        Steps kept; the oldest are dropped first.
    max_bytes : int, optional
        About how much memory the steps to undo, and those to redo, may each keep alive.
        What is more goes to where the document's masks go, the oldest first.
    max_disk_bytes : int, optional
        About how much may go there. Where no more can, the oldest steps are dropped;
        the newest is always kept.
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
        max_disk_bytes: int = 8192 * _MIB,
    ) -> None:
        self.document = document
        self._max_steps = max_steps
        self._max_bytes = max_bytes
        self._max_disk_bytes = max_disk_bytes
        self._undo: deque[Step] = deque()
        self._redo: deque[Step] = deque()

    @property
    def undo_label(self) -> str | None:
        """What undo would take back; None when there is nothing."""
        return self._undo[-1].label if self._undo else None

    @property
    def redo_label(self) -> str | None:
        """What redo would do again; None when there is nothing."""
        return self._redo[-1].label if self._redo else None

    @property
    def last(self) -> object:
        """The step that undo would take back, to be compared; None if there is none."""
        return self._undo[-1] if self._undo else None

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
            something unrelated was done in between, or undone: as the gesture began
            before that, it can be done again.
        """
        inverse = self.document.inverse_of(edit)
        if edit.does_the_same_as(inverse):
            return
        step = self._step_of(gesture, edit)
        if step is None:
            self._undo.append(Step(edit.label, gesture, inverse))
            self._forget_places()
            self._redo.clear()
        else:
            step.absorb(inverse)
            if any(one.touches(edit) for one in self._redo):
                self._redo.clear()
        self._make_room(self._undo, _MOVED_PER_MASK * len(edit.masks))
        self.document.apply(edit, inverse)
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

    def _travel(self, source: deque[Step], target: deque[Step]) -> bool:
        if not source:
            return False
        edit = source[-1].edit()
        self.travelling.emit(edit)
        source.pop()
        inverse = self.document.inverse_of(edit)
        target.append(Step(edit.label, None, inverse))
        # What comes back makes as much room: the rest may be moved at other times.
        self._make_room(target, _MOVED_AT_LEAST)
        self.document.apply(edit, inverse)
        self.changed.emit()
        return True

    def _step_of(self, gesture: Hashable | None, edit: Edit) -> Step | None:
        """Find the gesture's step, unless a later step touches the same places."""
        if gesture is None:
            return None
        for step, _ in zip(reversed(self._undo), range(_REACH), strict=False):
            if step.gesture == gesture:
                return step
            if step.touches(edit):
                return None
        return None

    def _make_room(self, steps: deque[Step], count: int) -> None:
        """Move what takes too much memory, the oldest steps first; drop what must go.

        At most ``count`` masks are moved, a few times as many as came, so that nobody
        waits for it.
        """
        spill, count = self.document.spill, max(count, _MOVED_AT_LEAST)
        excess = sum(step.nbytes for step in steps) - self._max_bytes
        for step in steps:
            if excess <= 0 or count <= 0 or spill.is_full:
                break
            before = step.nbytes
            count -= step.move(spill, count)
            excess -= before - step.nbytes
        self._drop_oldest(steps, excess if spill.is_full else 0)

    def _drop_oldest(self, steps: deque[Step], excess: int) -> None:
        on_disk = sum(step.disk_bytes for step in steps) - self._max_disk_bytes
        while len(steps) > 1 and (
            len(steps) > self._max_steps or excess > 0 or on_disk > 0
        ):
            step = steps.popleft()
            excess, on_disk = excess - step.nbytes, on_disk - step.disk_bytes

    def _forget_places(self) -> None:
        """Let go of what only a gesture needs that is still going on."""
        if len(self._undo) > _REACH:
            self._undo[-1 - _REACH].close()
