"""Help where it is needed: three lines, the samples, the shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_sam2.io.samples import load_sample, sample_names
from napari_sam2.widgets.controls.controls import (
    button,
    column,
    menu_button,
    row,
    switch,
    text,
)
from napari_sam2.widgets.sessions.shortcuts import SHORTCUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from napari_sam2.widgets.sessions.shortcuts import Shortcut

HINT = (
    "1. Click an object in the picture; a right click says “not here”.\n"
    "2. Press Propagate: its mask appears frame by frame.\n"
    "3. Where it drifted, click again, and propagate again."
)
_TOP = Qt.AlignmentFlag.AlignTop
TAKEN = "used by another part of napari"


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
        self.first_steps = self._make_first_steps()
        self._purposes: dict[Shortcut, QLabel] = {}
        self._keys = self._key_table()
        self._keys.hide()
        self.steps_switch = switch(
            "First steps",
            "Show three lines at the top that say how to begin",
            lambda: self.first_steps.setVisible(self.steps_switch.isChecked()),
        )
        self.keys_switch = switch(
            "Shortcuts",
            "Show what the keys do while the picture is in use",
            lambda: self._keys.setVisible(self.keys_switch.isChecked()),
        )
        switches = row(self.steps_switch, self.keys_switch)
        column(self, self._sample_menu("Open sample"), switches, self._keys)

    def show_first_steps(self, is_shown: bool) -> None:
        """Show or hide the three lines at the top of the dock."""
        self.first_steps.setVisible(is_shown)
        self.steps_switch.setChecked(is_shown)

    def show_keys(self, bound: Collection[Shortcut]) -> None:
        """Say of each key what it does, or that somebody else had it before."""
        for one, purpose in self._purposes.items():
            is_ours = one in bound
            purpose.setText(one.purpose if is_ours else TAKEN)
            purpose.setEnabled(is_ours)

    def _key_table(self) -> QWidget:
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(4, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for number, one in enumerate(SHORTCUTS):
            self._purposes[one] = text(one.purpose)
            key = QLabel(one.shown)
            font = key.font()
            font.setBold(True)
            key.setFont(font)
            grid.addWidget(key, number, 0, _TOP)
            grid.addWidget(self._purposes[one], number, 1, _TOP)
        return made

    def _make_first_steps(self) -> QWidget:
        """Make the hint of the first run, which has a place of its own in the dock."""
        made = QWidget()
        tip = "Take these lines away; “First steps” under Help brings them back"
        got_it = button("Got it", tip, lambda: self.show_first_steps(False))
        column(made, text(HINT), row(self._sample_menu("Try a sample"), got_it))
        made.hide()
        return made

    def _sample_menu(self, label: str) -> QWidget:
        made = menu_button(label, "Open a small stack with prompts, ready to propagate")
        for name in sample_names():
            action = made.menu().addAction(load_sample(name).description)
            action.triggered.connect(self._asker(name))
        return made

    def _asker(self, name: str) -> Callable[[bool], None]:
        def ask(_: bool = False) -> None:
            self.sample_asked.emit(name)

        return ask
