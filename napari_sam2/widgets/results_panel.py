"""Results: the table of measurements, files, and tracks of centroids."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QTableWidget, QTableWidgetItem, QWidget

from napari_sam2.widgets.controls import button, column, row
from napari_sam2.widgets.exporting import Exporter, take_results

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.control import Controller
    from napari_sam2.core.axes import Axes
    from napari_sam2.widgets.links import Links


class ResultsPanel(QWidget):
    """Shows and saves what was found.

    Parameters
    ----------
    controller : Controller
    exporter : Exporter
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
        exporter: Exporter,
        links: Links,
        *,
        axes: Axes | None,
        name: str,
        add_tracks: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._exporter = exporter
        self._axes = axes
        self._name = name
        self._folder = tempfile.TemporaryDirectory(prefix="napari-sam2-")
        self._shown = Path(self._folder.name) / "table.csv"
        tables = row(
            button(
                "Show table", "Measure every object on every frame", self.show_table
            ),
            button("Save table…", "Save the measurements as CSV", self._ask_table),
        )
        files = row(
            button("Save labels…", "Save the masks as a TIFF stack", self._ask_labels),
            button("Add tracks", "Show the path of every object's centre", add_tracks),
        )
        column(self, tables, files)
        links.connect(exporter.saved, self._on_saved)
        links.at_end(self._folder.cleanup)

    def show_table(self) -> None:
        """Measure, and show the table when it is ready."""
        self.save_table(self._shown)

    def save_table(self, path: Path) -> None:
        """Save the measurements as CSV."""
        frames = self._controller.frames
        results = take_results(self._controller.document)
        self._exporter.save_table(path, results, frames, self._axes)

    def save_labels(self, path: Path) -> None:
        """Save the masks as a TIFF stack."""
        results = take_results(self._controller.document)
        self._exporter.save_labels(path, results, self._axes)

    def _ask_table(self) -> None:
        path = self._ask("Save the table", "_objects.csv", "CSV (*.csv)")
        if path is not None:
            self.save_table(path)

    def _ask_labels(self) -> None:
        path = self._ask("Save the labels", "_labels.tif", "TIFF (*.tif)")
        if path is not None:
            self.save_labels(path)

    def _ask(self, title: str, ending: str, kinds: str) -> Path | None:
        suggested = str(Path.home() / f"{self._name}{ending}")
        chosen, _ = QFileDialog.getSaveFileName(self, title, suggested, kinds)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_suffix(Path(ending).suffix)

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
