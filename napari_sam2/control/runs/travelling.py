"""Undo and redo as users mean them: a run that changed nothing yet is a step, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.control.runs.running import Running
    from napari_sam2.control.status import StatusBoard
    from napari_sam2.state.edit import Edit
    from napari_sam2.state.history import History


class Travelling:
    """Takes back what was done last, does it again, and says what that was.

    Parameters
    ----------
    history : History
    running : Running
    board : StatusBoard
        Where sentences about what was undone would stay otherwise.
    """

    def __init__(self, history: History, running: Running, board: StatusBoard) -> None:
        self._history, self._running, self._board = history, running, board
        self._touched: set[int] = set()
        self._said = ""
        history.travelling.connect(self._note)
        history.changed.connect(self._hush)

    @property
    def undo_label(self) -> str | None:
        """What undo would take back; None when there is nothing."""
        return self._running.begun or self._history.undo_label

    @property
    def redo_label(self) -> str | None:
        """What redo would do again; None when there is nothing."""
        return self._history.redo_label

    def undo(self) -> None:
        """Take the last thing back: a run that changed nothing yet, or a step."""
        is_begun = self._running.begun is not None
        go = self._running.take_back if is_begun else self._history.undo
        self._go("Undone", self.undo_label, go)

    def redo(self) -> None:
        """Do again what was undone last."""
        self._go("Done again", self.redo_label, self._history.redo)

    def _go(self, what: str, label: str | None, go: Callable[[], bool]) -> None:
        if label is not None and go():
            self._choose()
            self._said = f"{what}: {label}."
            self._board.say(self._said)

    def _hush(self) -> None:
        """Speak no longer of what was undone: something else was done since."""
        said, self._said = self._said, ""
        if said and self._board.now.message == said:
            self._board.say("")

    def _note(self, edit: Edit) -> None:
        """Note whose prompts and masks a step is about."""
        self._touched = {object_id for object_id, _ in (*edit.prompts, *edit.masks)}

    def _choose(self) -> None:
        """Choose the object that a step was about: what comes next is for it, too."""
        touched, self._touched = self._touched, set()
        document = self._history.document
        if len(touched) == 1 and touched <= {*document.objects}:
            document.select(*touched)
