"""Results: the table of measurements, files, and tracks of centroids."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_sam2.core.said import describe_said
from napari_sam2.io.samples import is_sample
from napari_sam2.io.writing.result_format import ResultHeader
from napari_sam2.io.writing.result_formats import find_result_format
from napari_sam2.layers.layer_file import image_name
from napari_sam2.layers.placed import place_of
from napari_sam2.widgets.controls.controls import button, column, row
from napari_sam2.widgets.controls.focus import ReturningFocus
from napari_sam2.widgets.panels.export_form import ExportForm, ExportOrder
from napari_sam2.widgets.sessions.exporting import (
    Exporter,
    provenance_of,
    said_in,
    take_results,
    write_results,
)
from napari_sam2.widgets.tables.measurement_table import MeasurementTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_sam2.control import Controller, Status
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.io.writing.result_format import ResultFormat
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.widgets.controls.links import Links
    from napari_sam2.widgets.sessions.exporting import Results, Steps

_FILMS = "overlay-mp4", "overlay-gif"


class ResultsPanel(QWidget):
    """Shows and saves what was found.

    Parameters
    ----------
    controller : Controller
    links : Links
        Cut when the session ends.
    image : callable
        Returns the image that is worked on, as it is now.
    add_tracks : callable
        Adds a layer of centroids to the viewer.
    image_files : callable
        Returns the files of the images, which are never replaced.
    parent : QWidget, optional
    """

    table_ready = Signal(object)
    """A :class:`MeasurementTable` to be shown."""
    place_chosen = Signal(int, int)
    """An object and a frame to go to."""

    def __init__(
        self,
        controller: Controller,
        links: Links,
        *,
        image: Callable[[], ImageSource],
        add_tracks: Callable[[], object],
        image_files: Callable[[], tuple[Path, ...]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._exporter = Exporter(controller)
        self._image, self._image_files = image, image_files
        self._table: MeasurementTable | None = None
        document = controller.document
        is_single = document.series_length == document.frame_count
        self.form = ExportForm(
            image_name(image().layer),
            document.frame_count if is_single else None,
            self._save,
            frames_with_masks=lambda: take_results(document).frames_seen,
            image_path=self._own_path(),
        )
        tip = "Measure every object on every frame, and show the table"
        self.show_button = button("Show table", tip, self.show_table)
        tip = "Show the path of every object's centre as a layer of tracks"
        column(self, row(self.show_button, button("Add tracks", tip, add_tracks)))
        self.layout().addWidget(self.form)
        self._starting = ReturningFocus(self.show_button, self.form.save_button.native)
        links.connect(controller.status_changed, self._on_status_changed)
        links.at_end(self._retire_table)
        self._on_status_changed(controller.status)

    def show_table(self) -> None:
        """Measure all masks, and show the table: in its window if it has one."""
        if self._table is None or self._table.parent() is None:  # it was closed
            self._retire_table()
            self._table = MeasurementTable(
                self._controller, lambda: self._image().calibration
            )
            self._table.place_chosen.connect(self.place_chosen)
            self.table_ready.emit(self._table)
        self._table.measure()

    def save(
        self, path: Path, name: str = "labels-tiff", frames: range | None = None
    ) -> None:
        """Save all frames, or some, in a format of results, by its name."""
        controller = self._controller
        results = take_results(controller.document, frames)
        image = self._image()
        affine, codes = place_of(image)
        made = provenance_of(controller, image_name(image.layer))
        made = replace(made, parents=results.parents)
        header = ResultHeader(
            image.calibration,
            results.names,
            made,
            controller.frames,
            affine=affine,
            space_codes=codes,
            image_axes=image.space.layout.result_axes,
            parents=results.parents,
        )
        chosen = find_result_format(name)
        kept, said = self._image_files(), said_in(controller.document)

        def steps(token: CancelToken) -> Steps:
            noted = replace(made, prompts=describe_said(said))
            seen = replace(header, token=token, provenance=noted)
            return write_results(path, chosen, results, seen, kept=kept)

        self._exporter.write(path, steps, remark=_remark(chosen, results))

    def _own_path(self) -> Path | None:
        """Return the user's file of the image: samples are nobody's."""
        files = self._image_files()
        return files[0] if files and not is_sample(files[0]) else None

    def _save(self, order: ExportOrder) -> None:
        self.save(order.path, order.result_format.name, order.frames)

    def _on_status_changed(self, status: Status) -> None:
        self._starting.set_enabled(not status.is_busy)

    def _retire_table(self) -> None:
        """Let go of the table; it stays where it is as long as anybody wants it."""
        if self._table is not None:
            table, self._table = self._table, None
            table.retire()


def _remark(chosen: ResultFormat, results: Results) -> str:
    """Say of a film that most of it shows no mask, if that is so."""
    shown, count = len(results.frames_seen), len(results.frames)
    if chosen.name not in _FILMS or 2 * shown > count:
        return ""
    return (
        f"{shown} of the {count} frames {'has' if shown == 1 else 'have'} masks: the "
        'button "Masks" beside Frames leaves out those before and behind them.'
    )
