"""The list of objects as it looks: its columns, its colours, and how high it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QBrush, QColor, QIcon, QKeyEvent, QPainter, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from napari_sam2.io.pictures.palette import object_colour

if TYPE_CHECKING:
    from napari_sam2.state import TrackedObject

NAME, NUMBER, PROMPTS, FRAMES = range(4)
"""The columns."""
_TITLES = ("Object", "Id", "Prompts", "Frames")
_TIPS = (
    "Its name, and its colour, hatched where it is locked on the displayed frame; F2 or"
    " a double click renames it",
    "Its value in the labels layer and in files; behind an arrow, its mother's",
    "Frames on which you clicked, boxed or painted it",
    "Frames on which it has a mask, or is known to be absent",
)
_AS_NUMBERS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_FEWEST_ROWS, _MOST_ROWS = 3, 8
_ROWS_MEASURED = 50
_PATCH = 12
_HATCH = QColor(15, 15, 25)


class ObjectTree(QTreeWidget):
    """A list whose rows can be renamed, and deleted by a key.

    Parameters
    ----------
    parent : QWidget, optional
    """

    delete_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setHeaderLabels(list(_TITLES))
        for number, tip in enumerate(_TIPS):
            self.headerItem().setToolTip(number, tip)
        for number in (NUMBER, PROMPTS, FRAMES):
            self.headerItem().setTextAlignment(number, _AS_NUMBERS)
        self.setRootIsDecorated(False)
        # What tells names apart is often their end
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.setToolTip("Choose the object that your next click, box or stroke is for")
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setResizeContentsPrecision(_ROWS_MEASURED)

    def fit(self) -> None:
        """Be as high as the list is long, within reason, with columns as wide as due.

        Columns that always fit would be measured for every cell that is written.
        """
        self.updateGeometry()
        for number in (NUMBER, PROMPTS, FRAMES):
            self.resizeColumnToContents(number)

    def sizeHint(self) -> QSize:
        """Return how high the list is to be, which changes with the look of it.

        A window gives it its look when it is put there, after it was filled.
        """
        rows = min(max(self.topLevelItemCount(), _FEWEST_ROWS), _MOST_ROWS)
        height = self.header().sizeHint().height() + 2 * self.frameWidth()
        return QSize(super().sizeHint().width(), height + rows * self._row_height())

    def minimumSizeHint(self) -> QSize:
        """Return no less height: there is room for all rows that are to be seen."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ask to delete what is chosen, or do what lists do."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_asked.emit()
        else:
            super().keyPressEvent(event)

    def _row_height(self) -> int:
        measured = self.sizeHintForRow(0) if self.topLevelItemCount() else 0
        return max(measured, self.fontMetrics().height() + 2)


def make_row(one: TrackedObject) -> QTreeWidgetItem:
    """Make a row of the list; how many prompts and frames is still to be written."""
    item = QTreeWidgetItem()
    item.setData(NAME, Qt.ItemDataRole.UserRole, one.object_id)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    for number in (NUMBER, PROMPTS, FRAMES):
        item.setTextAlignment(number, _AS_NUMBERS)
    show_object(item, one)
    return item


def show_lock(row: QTreeWidgetItem, *, is_locked: bool) -> None:
    """Show in the colour of an object whether it is locked, hatched as in the strip."""
    row.setIcon(NAME, _colour_icon(id_of(row), is_hatched=is_locked))
    row.setToolTip(NAME, f"{row.text(NAME)}{' (locked here)' if is_locked else ''}")


def show_object(row: QTreeWidgetItem, one: TrackedObject) -> None:
    """Show in its row what an object is called, and whose daughter it is.

    Whether it is locked is not known then.
    """
    number, tip = str(one.object_id), ""
    if one.descent is not None:
        number = f"{one.object_id} ← {one.descent.parent}"
        tip = f"Daughter of {one.descent.parent}, from frame {one.descent.frame} on"
    row.setText(NAME, one.name)
    row.setText(NUMBER, number)
    row.setToolTip(NUMBER, tip)
    show_lock(row, is_locked=False)


def id_of(row: QTreeWidgetItem) -> int:
    """Return the id of the object in a row."""
    return int(row.data(NAME, Qt.ItemDataRole.UserRole))


def _colour_icon(object_id: int, *, is_hatched: bool) -> QIcon:
    """Return a patch of an object's colour."""
    patch = QPixmap(_PATCH, _PATCH)
    patch.fill(QColor(*object_colour(object_id)))
    if is_hatched:
        painter = QPainter(patch)
        painter.fillRect(patch.rect(), QBrush(_HATCH, Qt.BrushStyle.BDiagPattern))
        painter.end()
    icon = QIcon(patch)
    icon.addPixmap(patch, QIcon.Mode.Selected)  # the same, not tinted
    return icon
