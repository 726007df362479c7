"""Forms of magicgui, as narrow as the dock and reachable by the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, PushButton
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QLabel, QPushButton, QSizePolicy, QWidget

from napari_sam2.widgets.controls import leave_the_wheel_to_the_dock

if TYPE_CHECKING:
    from collections.abc import Callable


def form_of(*fields: Any) -> Container:
    """Put fields of magicgui below each other, each with its label beside it.

    A label says what its field says when the mouse rests on it, and ``&`` in it marks
    the letter that reaches the field with Alt.
    """
    form = Container(widgets=list(fields), layout="vertical", labels=True)
    form.margins = (0, 0, 0, 0)
    form.native.layout().setSpacing(4)
    for field in fields:
        _adapt(field)
    _name(form, fields)
    return form


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
        native.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    for one in (native, *native.findChildren(QPushButton)):
        if isinstance(one, QPushButton):
            one.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    leave_the_wheel_to_the_dock(native)


def _name(form: Container, fields: tuple[Any, ...]) -> None:
    """Connect the labels with their fields, which magicgui does not do."""
    by_text = {field.label: field.native for field in fields if field.label}
    for label in form.native.findChildren(QLabel):
        native = by_text.get(label.text())
        if native is not None:
            label.setToolTip(native.toolTip())
            label.setBuddy(_first_to_focus(native))


def _first_to_focus(native: QWidget) -> QWidget:
    candidates = [native, *native.findChildren(QWidget)]
    takes_focus = (
        one for one in candidates if one.focusPolicy() != Qt.FocusPolicy.NoFocus
    )
    return next(takes_focus, native)
