"""The few kinds of controls that all panels are made of, with tips and names.

Colours and fonts are napari's; only texts and layouts are given here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_LIST_MARGIN, _WIDEST_LIST = 40, 700
"""Of lists that open, in pixels: what is beside their words, and how wide they get."""


def button(text: str, tip: str, on_click: Callable[[], object]) -> QPushButton:
    """Make a button that can be reached with Tab and says what it does."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setMinimumWidth(10)
    made.clicked.connect(lambda _=False: on_click())
    return made


def switch(text: str, tip: str, on_click: Callable[[], object]) -> QPushButton:
    """Make a button that stays down."""
    made = button(text, tip, on_click)
    made.setCheckable(True)
    return made


def menu_button(text: str, tip: str) -> QPushButton:
    """Make a button that opens a menu."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setMenu(QMenu(made))
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setMinimumWidth(10)
    return made


def check(text: str, tip: str, on_toggle: Callable[[bool], object]) -> QCheckBox:
    """Make a check box."""
    made = QCheckBox(text)
    made.setToolTip(tip)
    made.toggled.connect(on_toggle)
    return made


def choice(tip: str, options: Iterable[tuple[str, Any]] = ()) -> QComboBox:
    """Make a combo box of (text, value) that can become narrow."""
    made = QComboBox()
    made.setToolTip(tip)
    made.setSizeAdjustPolicy(
        QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )
    made.setMinimumContentsLength(8)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    leave_the_wheel_to_the_dock(made)
    open_wide(made)
    for text, value in options:
        made.addItem(text, value)
    return made


class _WheelFilter(QObject):
    """Keeps the wheel from changing a value that the mouse only happens to cross."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not watched.hasFocus():
            event.ignore()
            return True
        return False


class _ListFilter(QObject):
    """Has a list that opens be as wide as its entries, however narrow its box is."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress):
            measure = watched.fontMetrics().horizontalAdvance
            words = [watched.itemText(number) for number in range(watched.count())]
            wanted = max(map(measure, words), default=0) + _LIST_MARGIN
            watched.view().setMinimumWidth(min(wanted, _WIDEST_LIST))
        return False


def open_wide(box: QComboBox) -> None:
    """Have all words of the list be read that a box opens."""
    box.installEventFilter(_ListFilter(box))


def leave_the_wheel_to_the_dock(widget: QWidget) -> None:
    """Have the wheel scroll the dock over boxes that are not being used."""
    kinds = (QComboBox, QAbstractSpinBox)
    found = [widget] if isinstance(widget, kinds) else []
    for one in (*found, *(c for kind in kinds for c in widget.findChildren(kind))):
        one.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # not by the wheel
        one.installEventFilter(_WheelFilter(one))


def text(words: str = "", name: str = "") -> QLabel:
    """Make a label whose lines are broken where the dock is narrow."""
    made = QLabel(words)
    made.setWordWrap(True)
    made.setObjectName(name)
    made.setMinimumWidth(10)
    return made


def row(*widgets: QWidget) -> QWidget:
    """Put widgets beside each other."""
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for widget in widgets:
        layout.addWidget(widget)
    return made


def column(parent: QWidget, *widgets: QWidget) -> QVBoxLayout:
    """Put widgets below each other into ``parent``."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def scroll_area(inside: QWidget) -> QScrollArea:
    """Let a widget be scrolled where there is too little room for it."""
    made = QScrollArea()
    made.setWidgetResizable(True)
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it has it
    made.setWidget(inside)
    return made


def form(parent: QWidget, *rows: tuple[str, QWidget]) -> QFormLayout:
    """Put named widgets below each other into ``parent``."""
    layout = QFormLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    for name, widget in rows:
        add_row(layout, name, widget, widget)
    return layout


def add_row(layout: QFormLayout, name: str, widget: QWidget, focused: QWidget) -> None:
    """Put a named widget below the others; its name gives the focus to ``focused``."""
    label = QLabel(name)
    label.setToolTip(widget.toolTip())
    label.setBuddy(focused)
    layout.addRow(label, widget)


def show_row(layout: QFormLayout, widget: QWidget, is_shown: bool) -> None:
    """Show or hide a widget of a form with its name."""
    if hasattr(layout, "setRowVisible"):
        layout.setRowVisible(widget, is_shown)
    else:  # Qt 5
        for one in (widget, layout.labelForField(widget)):
            one.setVisible(is_shown)


def pick(box: QComboBox, value: Any) -> bool:
    """Show the option of a value without telling anybody; return whether it exists."""
    index = next((i for i in range(box.count()) if box.itemData(i) == value), -1)
    was_blocked = box.blockSignals(True)
    box.setCurrentIndex(index)
    box.blockSignals(was_blocked)
    return index >= 0
