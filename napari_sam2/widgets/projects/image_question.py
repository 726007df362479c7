"""What to do when a project's image moved, changed or is missing: asked in the dock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_sam2.widgets.controls.controls import button, choice, column, row, text

if TYPE_CHECKING:
    from collections.abc import Sequence


class ImageQuestion(QWidget):
    """Explains, and asks; viewer and dock can be used meanwhile.

    Parameters
    ----------
    parent : QWidget, optional
    """

    file_chosen = Signal(str)
    """Where the image is now."""
    layer_chosen = Signal(object)
    """An open layer that shows it."""
    accepted = Signal()
    """It is to be opened as it is."""
    cancelled = Signal()

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = text()
        self.layers = choice("Open images whose frames fit the project's masks")
        self.layer_button = button(
            "Use this layer", "Put the project's masks on the open image", self._use
        )
        self.file_button = button(
            "Choose a file…", "Say where the image is now", self._choose_file
        )
        self.anyway_button = button(
            "Open anyway", "Use the image although it changed", self._accept
        )
        self.cancel_button = button("Cancel", "Open nothing", self._cancel)
        self._open_layers = row(self.layers, self.layer_button)
        buttons = row(self.file_button, self.anyway_button, self.cancel_button)
        column(self, self._words, self._open_layers, buttons)
        self.hide()

    @property
    def sentence(self) -> str:
        """What is explained."""
        return str(self._words.text())

    def ask(self, sentence: str, layers: Sequence[Any], *, can_accept: bool) -> None:
        """Ask what to do about an image."""
        self._words.setText(sentence)
        self.layers.clear()
        for layer in layers:
            self.layers.addItem(layer.name, layer)
        self._open_layers.setVisible(bool(layers))
        self.anyway_button.setVisible(can_accept)
        self.show()
        self.file_button.setFocus()

    def _use(self) -> None:
        layer = self.layers.currentData()
        self.hide()
        self.layer_chosen.emit(layer)

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "The project's image")
        if path:
            self.hide()
            self.file_chosen.emit(path)

    def _accept(self) -> None:
        self.hide()
        self.accepted.emit()

    def _cancel(self) -> None:
        self.hide()
        self.cancelled.emit()
