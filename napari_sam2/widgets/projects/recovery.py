"""Offers work that a crash, or closing napari, left unsaved."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_sam2.widgets.controls.controls import button, column, row, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_sam2.project import Recovery


class RecoveryBanner(QWidget):
    """Shows one piece of work after the other, and asks what becomes of it.

    Parameters
    ----------
    parent : QWidget, optional
    """

    restore_asked = Signal(object)
    """A Recovery."""
    discard_asked = Signal(object)
    """A Recovery."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Recovery] = []
        self._answered: set[Path] = set()
        self._words = text()
        self.restore_button = button(
            "Restore", "Open the image, with everything as it was", self._restore
        )
        self.discard_button = button(
            "Discard", "Delete this work; it cannot be brought back", self._discard
        )
        self.later_button = button(
            "Later", "Ask again when the dock is opened next time", self._later
        )
        buttons = row(self.restore_button, self.discard_button, self.later_button)
        column(self, self._words, buttons)
        self.hide()

    @property
    def sentence(self) -> str:
        """What is offered."""
        return str(self._words.text())

    def offer(self, found: Sequence[Recovery]) -> None:
        """Ask about these, the first one first, but for those that were answered."""
        self._waiting = [one for one in found if one.path not in self._answered]
        self._show()

    def reconsider(self, recovery: Recovery) -> None:
        """Ask about this again, when it is offered: it was not restored after all."""
        self._answered.discard(recovery.path)

    def _show(self) -> None:
        self.setVisible(bool(self._waiting))
        if self._waiting:
            self._words.setText(_sentence(self._waiting[0]))

    def _restore(self) -> None:
        self.restore_asked.emit(self._take())

    def _discard(self) -> None:
        self.discard_asked.emit(self._take())

    def _later(self) -> None:
        self._take()

    def _take(self) -> Recovery:
        first = self._waiting.pop(0)
        self._answered.add(first.path)
        self._show()
        return first


def _sentence(recovery: Recovery) -> str:
    name = recovery.image_name or recovery.path.name
    project = recovery.project_path
    of = f", of the project {project.name}," if project is not None else ""
    return f"There is unsaved work on {name}{of}{_when(recovery.saved)}."


def _when(saved: str) -> str:
    try:
        return f" from {datetime.fromisoformat(saved).astimezone():%d %B, %H:%M}"
    except ValueError:
        return ""
