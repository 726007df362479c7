"""The table of measurements: shown while it is made, sorted, and out of date or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QModelIndex, QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from napari_sam2.control import Topic
from napari_sam2.core.cancel import Progress
from napari_sam2.core.frames.source import channel_labels
from napari_sam2.core.frames.times import frame_times
from napari_sam2.io.writing.measurements import Measurer
from napari_sam2.widgets.controls.controls import button, column, row, text
from napari_sam2.widgets.controls.links import Links
from napari_sam2.widgets.sessions.exporting import take_results
from napari_sam2.widgets.tables.measurement_model import MeasurementModel

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import numpy.typing as npt

    from napari_sam2.control import Controller, Status
    from napari_sam2.core.axes import Axes
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.widgets.sessions.exporting import Results


_PORTION = 2000  # rows that come at once


class MeasurementTable(QWidget):
    """Every object on every frame; a click on a row goes there.

    Parameters
    ----------
    controller : Controller
    calibration : callable
        Returns frames, rows and columns of the stack, before them those of its
        positions; for units, and for columns that say where a mask is.
    parent : QWidget, optional
    """

    place_chosen = Signal(int, int)
    """An object and a frame to go to."""

    def __init__(
        self,
        controller: Controller,
        calibration: Callable[[], Axes],
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._calibration = calibration
        self._links = links = Links()
        self._is_measuring = False
        self._is_outdated = False
        self.line = text()
        self.again_button = button(
            "Measure again", "Measure what the masks are now", self.measure
        )
        self.view = _make_view()
        self.view.clicked.connect(self._on_chosen)
        top = row(self.line, self.again_button)
        top.layout().setStretch(0, 1)
        column(self, top, self.view)
        links.connect(controller.document.masks_changed, self._on_changed)
        links.connect(controller.document.objects_changed, self._on_changed)
        links.connect(controller.status_changed, self._on_status_changed)
        # The window may be closed, and this destroyed, while the session goes on.
        self.destroyed.connect(links.cut)

    def sizeHint(self) -> QSize:
        """Return a size that shows some ten rows."""
        return QSize(800, 260)

    def measure(self) -> None:
        """Measure all masks, in the background."""
        document, frames = self._controller.document, self._controller.frames
        results = take_results(document)
        axes, channels = self._calibration(), channel_labels(frames)
        times = frame_times(frames)
        measurer = Measurer(axes, channels, times, results.parents)
        model = MeasurementModel(measurer, results.names, results.count)
        self._show_model(model)
        links = Links()  # cut when this is destroyed while the lane still works

        def job(_: CancelToken) -> Generator[Progress | npt.NDArray[np.void]]:
            return measure(results, frames, measurer)

        def end() -> None:
            if not links.is_cut:
                self._end(model, results.count)

        self._links.at_end(links.cut)
        self._is_measuring, self._is_outdated = True, False
        self.line.setText("Measuring…")
        self._controller.other_work.do(
            job,
            topic=Topic.MEASURING,
            on_item=model.add,
            on_end=end,
            outcome=lambda: f"{model.rowCount()} masks were measured.",
        )

    def retire(self) -> None:
        """Stay as it is: the session has ended."""
        self._links.cut()
        self.again_button.setEnabled(False)
        self.line.setText("As it was when the image was last worked on.")

    def _show_model(self, model: MeasurementModel) -> None:
        view, before = self.view, self.view.model()
        view.setSortingEnabled(False)
        view.setModel(model)
        model.setParent(view)
        if before is not None:
            before.deleteLater()
        view.selectionModel().currentRowChanged.connect(self._on_chosen)

    def _end(self, model: MeasurementModel, total: int) -> None:
        self._is_measuring = False
        count = model.rowCount()
        if count < total:
            self.line.setText(f"Stopped: {count:,} of {total:,} masks were measured.")
        elif not total:
            self.line.setText("There are no masks yet: propagate first.")
        elif not self._is_outdated:
            self.line.setText(f"{total:,} masks. Click a row to go there.")
        if self._is_outdated:
            self._say_outdated()
        header = self.view.horizontalHeader()
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.view.setSortingEnabled(True)
        self.view.resizeColumnsToContents()

    def _say_outdated(self) -> None:
        self.line.setText("Out of date: masks or objects have changed since.")

    def _on_changed(self, _: object = None) -> None:
        if not self._is_outdated and self.view.model() is not None:
            self._is_outdated = True
            if not self._is_measuring:
                self._say_outdated()

    def _on_status_changed(self, status: Status) -> None:
        self.again_button.setEnabled(not status.is_busy)

    def _on_chosen(self, index: QModelIndex, _: QModelIndex | None = None) -> None:
        model = self.view.model()
        if index.isValid() and isinstance(model, MeasurementModel):
            self.place_chosen.emit(*model.place(index.row()))


def _make_view() -> QTableView:
    view = QTableView()
    view.setAccessibleName("Measurements")
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    rows = view.verticalHeader()
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # millions of them
    rows.setDefaultSectionSize(view.fontMetrics().height() + 6)
    rows.hide()
    return view


def measure(
    results: Results, frames: FrameSource, measurer: Measurer
) -> Generator[Progress | npt.NDArray[np.void]]:
    """Yield rows of the table, (N,), some thousand at a time, by frame and object."""
    portion: list[npt.NDArray[np.void]] = []
    for done, frame in enumerate(results.masks):
        yield Progress(done, len(results.masks), "Measuring")
        portion.append(measurer.measure(results.frame(frame), frames[frame]))
        if sum(map(len, portion)) >= _PORTION:
            yield np.concatenate(portion)
            portion.clear()
    if portion:
        yield np.concatenate(portion)
