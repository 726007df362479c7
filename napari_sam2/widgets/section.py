"""A part of the dock with a title that folds it away."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy, QToolButton, QWidget

from napari_sam2.widgets.controls import column


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
        self._content = content
        self.header = QToolButton()
        self.header.setText(title)
        letter = title[title.index("&") + 1].upper()
        self.header.setToolTip(f"Show or hide {title.replace('&', '')} (Alt-{letter})")
        self.header.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.header.setCheckable(True)
        self.header.setAutoRaise(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(
            QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed
        )
        font = self.header.font()
        font.setBold(True)
        self.header.setFont(font)
        self.header.toggled.connect(self._on_toggled)
        # so that Tab goes on from here when it was the key that opened it
        self.header.clicked.connect(lambda _=False: self.header.setFocus())
        column(self, self.header, content)
        self.header.setChecked(is_open)
        self._on_toggled(is_open)

    def _on_toggled(self, is_open: bool) -> None:
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self.header.setArrowType(arrow)
        self._content.setVisible(is_open)
