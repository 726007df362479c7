"""Undo and redo as users mean them: a run that has found nothing yet is a step, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.control.running import Running
    from napari_sam2.control.status import StatusBoard
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

    def undo(self) -> None:
        """Take the last thing back: a run that has found nothing yet, or a step."""
        if not self._running.take_back():
            self._go("Undone", self._history.undo_label, self._history.undo)

    def redo(self) -> None:
        """Do again what was undone last."""
        self._go("Done again", self._history.redo_label, self._history.redo)

    def _go(self, what: str, label: str | None, go: Callable[[], bool]) -> None:
        if label is not None and go():
            self._board.say(f"{what}: {label}.")
