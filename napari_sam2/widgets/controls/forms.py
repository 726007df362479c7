"""Forms of magicgui, as narrow as the dock and reachable by the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, PushButton
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from napari_sam2.widgets.controls.controls import (
    add_row,
    form,
    leave_the_wheel_to_the_dock,
    open_wide,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Form(QWidget):
    """Fields of magicgui below each other, each with its label beside it.

    A label says what its field says when the mouse rests on it.

    Parameters
    ----------
    *fields : magicgui widgets
        Those without a label take the whole width.
    """

    def __init__(self, *fields: Any) -> None:
        super().__init__()
        self._fields = fields  # keep alive what Qt knows nothing of
        self._layout = layout = form(self)
        for field in fields:
            _adapt(field)
            if field.label:
                add_row(
                    layout, field.label, field.native, _first_to_focus(field.native)
                )
            else:
                layout.addRow(field.native)

    def explain(self, words: QWidget, *, below: int) -> None:
        """Put words, over the whole width, below the field of a number, from 0."""
        self._layout.insertRow(below + 1, words)


def beside(label: str, tip: str, *fields: Any) -> Container:
    """Make one field of several that are beside each other."""
    made = Container(
        widgets=list(fields), layout="horizontal", labels=False, label=label
    )
    made.margins = (0, 0, 0, 0)
    made.native.layout().setSpacing(4)
    made.native.setToolTip(tip)
    for field in fields:
        _adapt(field)
    return made


def push_button(text: str, tip: str, on_click: Callable[[], object]) -> PushButton:
    """Make a button of magicgui that can be reached with Tab."""
    made = PushButton(text=text, label="", tooltip=tip)
    made.changed.connect(lambda _: on_click())
    return made


def _adapt(field: Any) -> None:
    native: QWidget = field.native
    native.setMinimumWidth(10)
    if isinstance(native, QComboBox):
        native.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        native.setMinimumContentsLength(6)
        open_wide(native)
    if isinstance(native, QComboBox | QAbstractSpinBox):
        native.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    for one in (native, *native.findChildren(QPushButton)):
        if isinstance(one, QPushButton):
            one.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    leave_the_wheel_to_the_dock(native)


def _first_to_focus(native: QWidget) -> QWidget:
    candidates = [native, *native.findChildren(QWidget)]
    takes_focus = (
        one for one in candidates if one.focusPolicy() != Qt.FocusPolicy.NoFocus
    )
    return next(takes_focus, native)
