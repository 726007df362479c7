"""The list of objects: which there are, and which one new prompts are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QKeyEvent, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from napari_sam2.core.errors import Sam2Error
from napari_sam2.io.palette import object_colour
from napari_sam2.state import edits
from napari_sam2.widgets.controls import button, column, row, switch

if TYPE_CHECKING:
    from napari_sam2.control import Controller
    from napari_sam2.widgets.links import Links

_COLUMNS = ("Object", "Id", "Prompts", "Frames")
_TIPS = (
    "Its name and colour; F2 or a double click renames it",
    "Its value in the labels layer and in files",
    "Frames on which you clicked, boxed or painted it",
    "Frames on which it has a mask, or is known to be absent",
)
_ROWS_SHOWN = 5


class ObjectsPanel(QWidget):
    """Shows a document's objects and edits their list.

    Parameters
    ----------
    controller : Controller
    links : Links
        Cut when the session ends.
    parent : QWidget, optional
    """

    show_only_changed = Signal(object)
    """The id of the only object to be shown, or None for all."""
    jump_asked = Signal(int)
    """A frame to go to."""

    def __init__(
        self, controller: Controller, links: Links, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._document = controller.document
        self._is_filling = False
        self._tree = _make_tree(self)
        self._show_only = switch(
            "Show only", "Hide the masks of all other objects", self._on_show_only
        )
        self._buttons = row(
            button("New", "Start another object; your next click is its", self.add),
            button("Delete", "Delete the chosen object, its prompts and masks"
                   " (undo brings it back)", self.delete),
            self._show_only,
            button("Go to", "Go to the first frame on which you prompted it",
                   self.jump),
        )  # fmt: skip
        column(self, self._tree, self._buttons)
        self._tree.delete_asked.connect(self.delete)
        self._tree.currentItemChanged.connect(self._on_row_chosen)
        self._tree.itemChanged.connect(self._on_item_edited)
        links.connect(self._document.objects_changed, self._on_objects_changed)
        links.connect(self._document.prompts_changed, self._fill_numbers)
        links.connect(self._document.selection_changed, self._on_selection_changed)
        self._fill()

    @property
    def tree(self) -> QTreeWidget:
        """The list itself."""
        return self._tree

    @property
    def chosen(self) -> tuple[int, ...]:
        """Ids of the rows that are chosen; Ctrl and Shift choose several."""
        return tuple(sorted(map(_id_of, self._tree.selectedItems())))

    def add(self) -> None:
        """Start another object."""
        self._controller.history.do(edits.add_object(self._document))

    def delete(self) -> None:
        """Delete the chosen object with everything that is known about it."""
        chosen = self._document.selected
        if chosen is not None:
            self._controller.history.do(edits.remove_object(self._document, chosen))

    def jump(self) -> None:
        """Ask to go to the chosen object's first prompt."""
        chosen = self._document.selected
        frame = None if chosen is None else self._document.first_prompt(chosen)
        if frame is not None:
            self.jump_asked.emit(frame)

    def refresh_coverage(self, _: object = None) -> None:
        """Show anew how many frames each object covers."""
        self._is_filling = True
        try:
            for item in self._items():
                covered = self._document.frames_covered(_id_of(item))
                item.setText(3, str(covered))
        finally:
            self._is_filling = False

    def _on_show_only(self) -> None:
        only = self._document.selected if self._show_only.isChecked() else None
        self.show_only_changed.emit(only)

    def _on_objects_changed(self, _: object = None) -> None:
        self._fill()
        if self._show_only.isChecked():
            self._on_show_only()

    def _on_selection_changed(self, _: object = None) -> None:
        self._mark_selected()
        if self._show_only.isChecked():
            self._on_show_only()

    def _on_row_chosen(self, item: QTreeWidgetItem | None, _: object = None) -> None:
        if item is not None and not self._is_filling:
            self._document.select(_id_of(item))

    def _on_item_edited(self, item: QTreeWidgetItem, column: int) -> None:
        if self._is_filling or column != 0:
            return
        try:
            edit = edits.rename_object(self._document, _id_of(item), item.text(0))
        except Sam2Error as problem:
            self._controller.report(problem)
            self._fill()
        else:
            self._controller.history.do(edit)

    def _fill(self) -> None:
        self._is_filling = True
        try:
            self._tree.clear()
            for object_id, one in self._document.objects.items():
                self._tree.addTopLevelItem(_make_item(object_id, one.name))
        finally:
            self._is_filling = False
        self._fill_numbers()
        self._mark_selected()

    def _fill_numbers(self, _: object = None) -> None:
        self._is_filling = True
        try:
            for item in self._items():
                prompts = len(self._document.said_about(_id_of(item)))
                item.setText(2, str(prompts))
        finally:
            self._is_filling = False
        self.refresh_coverage()

    def _mark_selected(self) -> None:
        self._is_filling = True
        try:
            chosen = self._document.selected
            for item in self._items():
                is_current = item is self._tree.currentItem()
                if _id_of(item) == chosen and not is_current:
                    self._tree.setCurrentItem(item)
        finally:
            self._is_filling = False

    def _items(self) -> list[QTreeWidgetItem]:
        count = self._tree.topLevelItemCount()
        return [self._tree.topLevelItem(i) for i in range(count)]


def colour_icon(object_id: int) -> QIcon:
    """Return a patch of an object's colour."""
    patch = QPixmap(12, 12)
    patch.fill(QColor(*object_colour(object_id)))
    icon = QIcon(patch)
    icon.addPixmap(patch, QIcon.Mode.Selected)  # the same, not tinted
    return icon


class _Tree(QTreeWidget):
    """A list whose rows can be deleted by a key."""

    delete_asked = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_asked.emit()
        else:
            super().keyPressEvent(event)


def _make_tree(parent: QWidget) -> _Tree:
    tree = _Tree(parent)
    tree.setHeaderLabels(list(_COLUMNS))
    for number, tip in enumerate(_TIPS):
        tree.headerItem().setToolTip(number, tip)
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    tree.setEditTriggers(
        QAbstractItemView.EditTrigger.EditKeyPressed
        | QAbstractItemView.EditTrigger.DoubleClicked
    )
    tree.setToolTip("Choose the object that your next click, box or stroke is for")
    header = tree.header()
    header.setStretchLastSection(False)
    header.setMinimumSectionSize(24)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for number in (1, 2, 3):
        header.setSectionResizeMode(number, QHeaderView.ResizeMode.ResizeToContents)
    tree.setFixedHeight(24 * (_ROWS_SHOWN + 1))
    return tree


def _make_item(object_id: int, name: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem([name, str(object_id), "", ""])
    item.setData(0, Qt.ItemDataRole.UserRole, object_id)
    item.setIcon(0, colour_icon(object_id))
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    for number in (1, 2, 3):
        item.setTextAlignment(number, Qt.AlignmentFlag.AlignRight)
    return item


def _id_of(item: QTreeWidgetItem) -> int:
    return int(item.data(0, Qt.ItemDataRole.UserRole))
