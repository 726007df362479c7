"""Results: the table of measurements, files, and tracks of centroids."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QTableWidget, QTableWidgetItem, QWidget

from napari_sam2.widgets.controls import button, column, row
from napari_sam2.widgets.export_form import ExportForm, ExportOrder, Kind
from napari_sam2.widgets.exporting import (
    Exporter,
    take_results,
    write_labels,
    write_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.control import Controller, Status
    from napari_sam2.core.axes import Axes
    from napari_sam2.widgets.links import Links


class ResultsPanel(QWidget):
    """Shows and saves what was found.

    Parameters
    ----------
    controller : Controller
    links : Links
        Cut when the session ends.
    axes : Axes or None
        Frames, rows and columns of the stack, for calibrated areas.
    name : str
        Of the image, for file names.
    add_tracks : callable
        Adds a layer of centroids to the viewer.
    parent : QWidget, optional
    """

    table_ready = Signal(object)
    """A table widget to be shown."""

    def __init__(
        self,
        controller: Controller,
        links: Links,
        *,
        axes: Axes | None,
        name: str,
        add_tracks: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._exporter = Exporter(controller)
        self._axes = axes
        self._folder = tempfile.TemporaryDirectory(prefix="napari-sam2-")
        self._shown = Path(self._folder.name) / "table.csv"
        self.form = ExportForm(name, controller.document.frame_count, self._save)
        tip = "Measure every object on every frame, and show the table"
        self.show_button = button("Show table", tip, self.show_table)
        tip = "Show the path of every object's centre as a layer of tracks"
        column(self, row(self.show_button, button("Add tracks", tip, add_tracks)))
        self.layout().addWidget(self.form)
        links.connect(self._exporter.saved, self._on_saved)
        links.connect(controller.status_changed, self._on_status_changed)
        links.at_end(self._folder.cleanup)
        self._on_status_changed(controller.status)

    def show_table(self) -> None:
        """Measure, and show the table when it is ready."""
        self.save_table(self._shown)

    def save_table(self, path: Path, frames: range | None = None) -> None:
        """Save the measurements of all frames, or some, as CSV."""
        stack = self._controller.frames
        results = take_results(self._controller.document, frames)
        self._exporter.write(path, write_table(path, results, stack, self._axes))

    def save_labels(self, path: Path, frames: range | None = None) -> None:
        """Save the masks of all frames, or some, as a TIFF stack."""
        results = take_results(self._controller.document, frames)
        self._exporter.write(path, write_labels(path, results, self._axes))

    def _save(self, order: ExportOrder) -> None:
        save = {Kind.LABELS: self.save_labels, Kind.TABLE: self.save_table}
        save[order.kind](order.path, order.frames)

    def _on_status_changed(self, status: Status) -> None:
        self.form.show_busy(status.is_busy)
        self.show_button.setEnabled(not status.is_busy)

    def _on_saved(self, path: Path) -> None:
        if path == self._shown:
            self.table_ready.emit(read_table(path))


def read_table(path: Path) -> QTableWidget:
    """Show a CSV file as a table that can be sorted."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    table = QTableWidget(len(lines), len(header))
    table.setHorizontalHeaderLabels(header)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    for number, line in enumerate(lines):
        for place, value in enumerate(line):
            table.setItem(number, place, _cell(value))
    table.sortItems(0)
    table.setSortingEnabled(True)
    table.resizeColumnsToContents()
    return table


def _cell(value: str) -> QTableWidgetItem:
    """Make a cell that sorts numbers by their size."""
    item = QTableWidgetItem()
    shown: Any = value
    try:
        shown = int(value) if value.lstrip("-").isdigit() else float(value)
    except ValueError:
        shown = value
    item.setData(0, shown)
    return item
