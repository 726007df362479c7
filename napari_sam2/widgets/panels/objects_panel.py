"""The list of objects: which there are, and which one new prompts are for."""

from __future__ import annotations

from contextlib import contextmanager
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

from napari_sam2.control import Topic
from napari_sam2.io.pictures.palette import object_colour
from napari_sam2.state import edits
from napari_sam2.widgets.controls.controls import button, column, row, switch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from napari_sam2.control import Controller
    from napari_sam2.state import Place
    from napari_sam2.widgets.controls.links import Links

_COLUMNS = ("Object", "Id", "Prompts", "Frames")
_TIPS = (
    "Its name and colour; F2 or a double click renames it",
    "Its value in the labels layer and in files",
    "Frames on which you clicked, boxed or painted it",
    "Frames on which it has a mask, or is known to be absent",
)
_FEWEST_ROWS, _MOST_ROWS = 3, 8
_ROWS_MEASURED = 50


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
        self._rows: dict[int, QTreeWidgetItem] = {}
        self._tree = _make_tree(self)
        column(self, self._tree, self._make_buttons())
        self._tree.delete_asked.connect(self.delete)
        self._tree.currentItemChanged.connect(self._on_row_chosen)
        self._tree.itemChanged.connect(self._on_item_edited)
        links.connect(self._document.objects_changed, self._on_objects_changed)
        links.connect(self._document.prompts_changed, self._on_prompts_changed)
        links.connect(self._document.selection_changed, self._on_selection_changed)
        self._fill()

    def _make_buttons(self) -> QWidget:
        self.new_button = button(
            "New", "Start another object; your next click is its", self.add
        )
        self.delete_button = button(
            "Delete",
            "Delete the chosen objects, their prompts and masks (undo brings them"
            " back)",
            self.delete,
        )
        self._show_only = switch(
            "Show only",
            "Hide the masks of all other objects (Shift-U)",
            self._on_show_only,
        )
        self.jump_button = button(
            "Go to", "Go to the first frame on which you prompted it (Home)", self.jump
        )
        return row(
            self.new_button, self.delete_button, self._show_only, self.jump_button
        )

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
        """Delete the chosen objects with everything that is known about them."""
        selected = self._document.selected
        chosen = self.chosen or (() if selected is None else (selected,))
        if chosen:
            self._controller.history.do(edits.remove_objects(self._document, chosen))

    def jump(self) -> None:
        """Ask to go to the chosen object's first prompt."""
        chosen = self._document.selected
        frame = None if chosen is None else self._document.first_prompt(chosen)
        if frame is not None:
            self.jump_asked.emit(frame)

    def switch_show_only(self) -> None:
        """Hide all other objects, or show them again."""
        self._show_only.toggle()
        self._on_show_only()

    def refresh_coverage(self, _: object = None) -> None:
        """Show anew how many frames each object covers."""
        with self._filling():
            for object_id, item in self._rows.items():
                item.setText(3, str(self._document.frames_covered(object_id)))

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
        with self._controller.attempt(Topic.OBJECTS):
            edit = edits.rename_object(self._document, _id_of(item), item.text(0))
            self._controller.history.do(edit)
        self._fill()  # the name that it had, where the new one was refused

    def _fill(self) -> None:
        current, chosen = self._current(), self.chosen
        with self._filling():
            self._tree.clear()
            self._rows = {
                object_id: _make_item(object_id, one.name)
                for object_id, one in self._document.objects.items()
            }
            self._tree.addTopLevelItems(list(self._rows.values()))
        self._fill_numbers(self._rows)
        self.refresh_coverage()
        self._fit_columns()
        self._fit_height()
        self._mark_selected()
        if current == self._current():
            self._choose(chosen)
        for one in (self.delete_button, self._show_only, self.jump_button):
            one.setEnabled(bool(self._rows))

    def _on_prompts_changed(self, places: frozenset[Place]) -> None:
        self._fill_numbers({object_id for object_id, _ in places})

    def _fill_numbers(self, object_ids: Iterable[int]) -> None:
        with self._filling():
            for object_id in object_ids:
                if object_id in self._rows:
                    prompts = len(self._document.said_about(object_id))
                    self._rows[object_id].setText(2, str(prompts))

    def _fit_columns(self) -> None:
        # Once: columns that always fit are measured for every cell that is written.
        for number in range(1, len(_COLUMNS)):
            self._tree.resizeColumnToContents(number)

    def _fit_height(self) -> None:
        """Be as high as the list is long, within reason."""
        rows = min(max(len(self._rows), _FEWEST_ROWS), _MOST_ROWS)
        frame = 2 * self._tree.frameWidth()
        header = self._tree.header().sizeHint().height()
        self._tree.setFixedHeight(header + rows * self._row_height() + frame)

    def _row_height(self) -> int:
        measured = self._tree.sizeHintForRow(0) if self._rows else 0
        return max(measured, self._tree.fontMetrics().height() + 2)

    def _mark_selected(self) -> None:
        item = self._rows.get(self._document.selected or 0)
        if item is not None and item is not self._tree.currentItem():
            with self._filling():
                self._tree.setCurrentItem(item)

    def _current(self) -> int | None:
        item = self._tree.currentItem()
        return None if item is None else _id_of(item)

    def _choose(self, object_ids: Collection[int]) -> None:
        with self._filling():
            for object_id, item in self._rows.items():
                item.setSelected(object_id in object_ids)

    @contextmanager
    def _filling(self) -> Iterator[None]:
        """Tell what is written here from what the user does."""
        before, self._is_filling = self._is_filling, True
        try:
            yield
        finally:
            self._is_filling = before


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
    header.setResizeContentsPrecision(_ROWS_MEASURED)
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
