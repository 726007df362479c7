"""The list of objects: which there are, and which one new prompts are for."""

from __future__ import annotations

from bisect import bisect
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QTreeWidgetItem, QWidget

from napari_sam2.control import Topic
from napari_sam2.state import edits
from napari_sam2.widgets.controls.controls import button, column, row, switch
from napari_sam2.widgets.panels.object_tree import (
    FRAMES,
    NAME,
    PROMPTS,
    ObjectTree,
    id_of,
    make_row,
    show_lock,
    show_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from napari_sam2.control import Controller
    from napari_sam2.state import Place
    from napari_sam2.widgets.controls.links import Links

_MOST_AT_ONCE = 50
_REST_MS = 50


class ObjectsPanel(QWidget):
    """Shows a document's objects and edits their list.

    Parameters
    ----------
    controller : Controller
    links : Links
        Cut when the session ends.
    frame_now : callable
        Returns the frame that is displayed.
    parent : QWidget, optional

    Attributes
    ----------
    tree : ObjectTree
    """

    show_only_changed = Signal(object)
    """The id of the only object to be shown, or None for all."""
    jump_asked = Signal(int)
    """A frame to go to."""
    added = Signal()
    """The user has started another object."""

    def __init__(
        self,
        controller: Controller,
        links: Links,
        *,
        frame_now: Callable[[], int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._document = controller.document
        self._frame_now = frame_now
        self._is_filling = False
        self._rows: dict[int, QTreeWidgetItem] = {}
        self._covered: dict[int, int] = {}
        self._locked: set[int] = set()
        self._at_rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._at_rest.timeout.connect(self._show_locks)
        self.tree = ObjectTree(self)
        column(self, self.tree, *self._make_buttons())
        self.tree.delete_asked.connect(self.delete)
        self.tree.currentItemChanged.connect(self._on_row_chosen)
        self.tree.itemChanged.connect(self._on_item_edited)
        self.tree.itemSelectionChanged.connect(self._on_chosen)
        links.connect(self._document.objects_changed, self._on_objects_changed)
        links.connect(self._document.prompts_changed, self._on_prompts_changed)
        links.connect(self._document.selection_changed, self._on_selection_changed)
        links.at_end(self._at_rest.stop)
        self._fill()

    def _make_buttons(self) -> tuple[QWidget, QWidget]:
        self.new_button = button(
            "New", "Start another object; your next click is its", self.add
        )
        self.delete_button = button(
            "Delete",
            "Delete the chosen objects, their prompts and masks (undo brings them"
            " back)",
            self.delete,
        )
        self.merge_button = button(
            "Merge",
            "Make one object of those that are chosen, with the number, name and colour"
            " of the first of them (Ctrl or Shift and a click choose several)",
            self.merge,
        )
        self._show_only = switch(
            "Show only",
            "Hide the masks of all other objects (Shift-U)",
            self._on_show_only,
        )
        self.jump_button = button(
            "Go to", "Go to the first frame on which you prompted it (Home)", self.jump
        )
        return (
            row(self.new_button, self.delete_button, self.merge_button),
            row(self._show_only, self.jump_button),
        )

    @property
    def chosen(self) -> tuple[int, ...]:
        """Ids of the rows that are chosen; Ctrl and Shift choose several."""
        return tuple(sorted(map(id_of, self.tree.selectedItems())))

    def add(self) -> None:
        """Start another object."""
        self._controller.history.do(edits.add_object(self._document))
        self.added.emit()

    def delete(self) -> None:
        """Delete the chosen objects with everything that is known about them."""
        selected = self._document.selected
        chosen = self.chosen or (() if selected is None else (selected,))
        if chosen:
            self._controller.history.do(edits.remove_objects(self._document, chosen))

    def merge(self) -> None:
        """Make one object of those that are chosen."""
        self._controller.merging.merge(self.chosen)

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
        """Show anew how many frames each object covers, and which are locked."""
        self._count_frames(self._rows)
        self.refresh_locks()

    def refresh_locks(self, _: object = None) -> None:
        """Show anew which objects are locked on the displayed frame, once it stays."""
        self._at_rest.start()

    def _on_show_only(self) -> None:
        only = self._document.selected if self._show_only.isChecked() else None
        self.show_only_changed.emit(only)

    def _on_objects_changed(self, object_ids: frozenset[int]) -> None:
        if len(object_ids) > _MOST_AT_ONCE:
            self._fill()
        else:
            self._follow(object_ids)
        if self._show_only.isChecked():
            self._on_show_only()

    def _on_selection_changed(self, _: object = None) -> None:
        self._mark_selected()
        if self._show_only.isChecked():
            self._on_show_only()

    def _on_row_chosen(self, item: QTreeWidgetItem | None, _: object = None) -> None:
        if item is not None and not self._is_filling:
            self._document.select(id_of(item))

    def _on_item_edited(self, item: QTreeWidgetItem, column: int) -> None:
        if self._is_filling or column != NAME:
            return
        with self._controller.attempt(Topic.OBJECTS):
            edit = edits.rename_object(self._document, id_of(item), item.text(NAME))
            self._controller.history.do(edit)
        self._follow({id_of(item)})  # to the old name, where the new one was refused

    def _fill(self) -> None:
        """Make all rows anew."""
        current, chosen = self._current(), self.chosen
        with self._filling():
            self.tree.clear()
            self._rows = {
                object_id: make_row(one)
                for object_id, one in self._document.objects.items()
            }
            self.tree.addTopLevelItems(list(self._rows.values()))
        self._show_what_is_known({*self._rows})
        if current == self._current():
            self._choose(chosen)

    def _follow(self, object_ids: Collection[int]) -> None:
        """Make, name or take out the rows of some objects; thousands may stay."""
        with self._filling():
            for object_id in object_ids:
                row = self._rows.get(object_id)
                if object_id not in self._document.objects:
                    self._take_out(object_id)
                elif row is None:
                    self._insert(object_id)
                else:
                    show_object(row, self._document.get_object(object_id))
        self._show_what_is_known({*object_ids} & self._rows.keys())

    def _insert(self, object_id: int) -> None:
        row = make_row(self._document.get_object(object_id))
        place = bisect(sorted(self._rows), object_id)
        self.tree.insertTopLevelItem(place, row)
        self._rows[object_id] = row

    def _take_out(self, object_id: int) -> None:
        row = self._rows.pop(object_id, None)
        if row is not None:
            self.tree.takeTopLevelItem(self.tree.indexOfTopLevelItem(row))

    def _show_what_is_known(self, object_ids: set[int]) -> None:
        """Show what belongs to rows that are new, and which one is chosen."""
        for object_id in object_ids:
            self._covered.pop(object_id, None)
        self._locked -= object_ids
        self._fill_numbers(object_ids)
        self._count_frames(object_ids)
        self.refresh_locks()
        self.tree.fit()
        self._mark_selected()
        for one in (self.delete_button, self._show_only, self.jump_button):
            one.setEnabled(bool(self._rows))
        self._on_chosen()

    def _on_chosen(self) -> None:
        had_focus = self.window().focusWidget() is self.merge_button
        self.merge_button.setEnabled(len(self.tree.selectedItems()) > 1)
        if had_focus and not self.merge_button.isEnabled():
            self.tree.setFocus()  # not the next button, which would be pressed then

    def _on_prompts_changed(self, places: frozenset[Place]) -> None:
        self._fill_numbers({object_id for object_id, _ in places})

    def _fill_numbers(self, object_ids: Iterable[int]) -> None:
        with self._filling():
            for object_id in object_ids:
                if object_id in self._rows:
                    prompts = len(self._document.said_about(object_id))
                    self._rows[object_id].setText(PROMPTS, str(prompts))

    def _count_frames(self, object_ids: Iterable[int]) -> None:
        with self._filling():
            for object_id in object_ids:
                count = self._document.frames_covered(object_id)
                if self._covered.get(object_id) != count:
                    self._covered[object_id] = count
                    self._rows[object_id].setText(FRAMES, str(count))

    def _show_locks(self) -> None:
        masks = self._document.masks.on_frame(self._frame_now())
        locked = {i for i, one in masks.items() if one.is_locked and i in self._rows}
        with self._filling():
            for object_id in (locked ^ self._locked) & self._rows.keys():
                show_lock(self._rows[object_id], is_locked=object_id in locked)
        self._locked = locked

    def _mark_selected(self) -> None:
        item = self._rows.get(self._document.selected or 0)
        if item is not None and item is not self.tree.currentItem():
            with self._filling():
                self.tree.setCurrentItem(item)

    def _current(self) -> int | None:
        item = self.tree.currentItem()
        return None if item is None else id_of(item)

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
