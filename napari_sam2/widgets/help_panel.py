"""Help where it is needed: three lines, the samples, the shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_sam2.io.samples import load_sample, sample_names
from napari_sam2.widgets.controls import column, menu_button, row, switch, text
from napari_sam2.widgets.shortcuts import SHORTCUTS

if TYPE_CHECKING:
    from collections.abc import Callable

HINT = (
    "1. Click an object in the picture; a right click says “not here”.\n"
    "2. Press Propagate: its mask appears frame by frame.\n"
    "3. Where it drifted, click again, and propagate again."
)


class HelpPanel(QWidget):
    """Shows how to begin.

    Parameters
    ----------
    parent : QWidget, optional
    """

    sample_asked = Signal(str)
    """The name of a sample to open."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples = menu_button(
            "Open sample", "Open a small stack with prompts, ready to propagate"
        )
        menu = self._samples.menu()
        for name in sample_names():
            action = menu.addAction(load_sample(name).description)
            action.triggered.connect(self._asker(name))
        self._keys = text("\n".join(f"{s.shown}   {s.purpose}" for s in SHORTCUTS))
        self._keys.hide()
        self._switch = switch("Shortcuts", "Show the keys", self._on_switched)
        column(self, text(HINT), row(self._samples, self._switch), self._keys)

    def _asker(self, name: str) -> Callable[[bool], None]:
        def ask(_: bool = False) -> None:
            self.sample_asked.emit(name)

        return ask

    def _on_switched(self) -> None:
        self._keys.setVisible(self._switch.isChecked())
