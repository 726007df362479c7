"""A part of the dock with a title that folds it away."""

from __future__ import annotations

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QScrollArea, QSizePolicy, QToolButton, QWidget
from superqt import QElidingLabel

from napari_sam2.widgets.controls.controls import column, row

_MARGINS = 12
"""Of a label in napari's look, in pixels, which leave words less room."""


class Section(QWidget):
    """A title above some content.

    Parameters
    ----------
    title : str
        ``&`` marks the letter that, with Alt, folds and unfolds it.
    content : QWidget
    is_open : bool, optional
    """

    def __init__(self, title: str, content: QWidget, *, is_open: bool = True) -> None:
        super().__init__()
        self._title = title
        self._content = content
        self._is_settled = False
        self._summary = QElidingLabel()
        self._summary.setEllipsesWidth(_MARGINS)
        self._summary.setMinimumWidth(10)
        self.header = self._make_header(title)
        title_row = row(self.header, self._summary)
        title_row.layout().setStretch(1, 1)
        column(self, title_row, content)
        self.header.setChecked(is_open)
        self._on_toggled(is_open)

    def _make_header(self, title: str) -> QToolButton:
        made = QToolButton()
        made.setText(title)
        letter = title[title.index("&") + 1].upper()
        made.setToolTip(f"Show or hide {title.replace('&', '')} (Alt-{letter})")
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.setCheckable(True)
        made.setAutoRaise(True)
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        made.setMinimumWidth(10)
        font = made.font()
        font.setBold(True)
        made.setFont(font)
        made.toggled.connect(self._on_toggled)
        # so that Tab goes on from here when it was the key that opened it
        made.clicked.connect(self._on_clicked)
        return made

    @property
    def is_open(self) -> bool:
        """Whether the content is seen."""
        return self.header.isChecked()

    @property
    def summary(self) -> str:
        """What the title says is chosen."""
        return str(self._summary.text())

    def add_to_title(self, words: str) -> None:
        """Have the title end with some words; with none, it is the plain one again."""
        end = ": " + words.replace("&", "&&") if words else ""
        self.header.setText(self._title + end)

    def summarise(self, words: str) -> None:
        """Say in the title what is chosen, for when the content is folded away."""
        self._summary.setText(words)
        self._summary.setToolTip(words)

    def make_room(self) -> None:
        """Fold it away, unless it is being used or the user folded or opened it."""
        focused = self._content.focusWidget()
        is_used = focused is not None and focused.hasFocus()
        if not (self._is_settled or is_used):
            self.header.setChecked(False)

    def _on_clicked(self, _: bool = False) -> None:
        self._is_settled = True
        self.header.setFocus()
        QTimer.singleShot(0, self._come_into_view)

    def _come_into_view(self) -> None:
        """Scroll to the title, and what of the content there is room for below it."""
        part = self.parentWidget()
        while part is not None and not isinstance(part, QScrollArea):
            part = part.parentWidget()
        if part is not None:
            part.ensureWidgetVisible(self.header, 0, part.viewport().height() // 3)

    def _on_toggled(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self.header.setArrowType(arrow)
        self._content.setVisible(is_open)
        self._summary.setVisible(not is_open)
