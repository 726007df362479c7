"""Propagate: which way, how far, for which objects; and Stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget
from superqt import QLabeledRangeSlider

from napari_sam2.control import Activity
from napari_sam2.widgets.controls.controls import (
    button,
    check,
    choice,
    column,
    pick,
    row,
)
from napari_sam2.widgets.controls.focus import focus_among
from napari_sam2.widgets.panels.across_choice import AcrossChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_sam2.control import Controller, Status
    from napari_sam2.layers.volume_axes import VolumeAxes
    from napari_sam2.widgets.controls.links import Links

_SEEDS = (
    ("follow", "followed from the neighbour as if through time, until they are gone"),
    ("masks", "with the neighbour's masks as they are"),
    ("boxes", "with boxes around the neighbour's masks"),
    ("none", "not at all"),
)
_DIRECTIONS = (
    ("both ways", "both"),
    ("forward", "forward"),
    ("backward", "backward"),
)


class TrackPanel(QWidget):
    """Starts and stops runs.

    Parameters
    ----------
    controller : Controller
    links : Links
        Cut when the session ends.
    frame_now : callable
        Returns the frame that is displayed.
    chosen : callable
        Returns the ids of the objects that are chosen in the list.
    volume : VolumeAxes or None
        The axes of the image, if it is a volume.
    parent : QWidget, optional
    """

    def __init__(
        self,
        controller: Controller,
        links: Links,
        *,
        frame_now: Callable[[], int],
        chosen: Callable[[], Sequence[int]],
        volume: VolumeAxes | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._settings = controller.settings
        self._frame_now = frame_now
        self._chosen = chosen
        self._last = controller.document.series_length - 1
        self.across = AcrossChoice(self._settings, volume, links)
        self._make_controls()
        self._lay_out()
        links.connect(controller.status_changed, self._on_status_changed)
        links.connect(controller.history.changed, self._show_whether_there_is_more)
        links.connect(self._settings.events.frame_range, self._show_range)
        self._settings.frame_range = None
        self._show_range()
        self._on_status_changed(controller.status)

    def _make_controls(self) -> None:
        self._make_choices()
        self._make_buttons()
        self._make_controls_of_positions()

    def _make_choices(self) -> None:
        self._direction = choice(
            "Which way the objects are followed from the frames you prompted",
            _DIRECTIONS,
        )
        self._direction.setAccessibleName("Direction")
        pick(self._direction, self._settings.direction)
        self._direction.currentIndexChanged.connect(self._on_direction_chosen)
        self._selected = check(
            "only the chosen",
            "Leave the masks of all objects as they are that are not chosen in the"
            " list; Ctrl or Shift chooses several",
            self._on_scope_chosen,
        )
        self._selected.setChecked(self._settings.only_selected)
        self._range = _flat_range_slider()
        self._range.setRange(0, max(1, self._last))
        self._range.setEnabled(self._last > 0)
        self._range.valueChanged.connect(self._on_range_moved)

    def _make_buttons(self) -> None:
        self.run_button = button(
            "Propagate", "Find the objects in the other frames", self.run
        )
        self.resume_button = button(
            "Continue",
            "Go on with the run that was stopped: only what is missing is computed",
            self._controller.resume,
        )
        self.stop_button = button(
            "Stop (Esc)",
            "Stop after the frame that is being computed; what is done is kept",
            self._controller.stop,
        )

    def _make_controls_of_positions(self) -> None:
        self.everywhere_button = button(
            "Every position",
            "Follow the objects at every position, where they are prompted and from"
            " there to one neighbour after the other, in the frames of the range."
            " Stop keeps what is done; Continue goes on at the position it was at",
            self.run_everywhere,
        )
        self.seeds = choice(
            "How objects come to positions where they are not prompted: "
            + "; ".join(f"{name}: {words}" for name, words in _SEEDS),
            [(name, name) for name, _ in _SEEDS],
        )
        self.seeds.setAccessibleName("How objects come to other positions")
        pick(self.seeds, self._settings.seed)
        self.seeds.currentIndexChanged.connect(self._on_seed_chosen)
        document = self._controller.document
        is_single = document.series_length == document.frame_count
        for one in (self.everywhere_button, self.seeds):
            one.setVisible(not is_single)

    def _lay_out(self) -> None:
        buttons = row(self.run_button, self.resume_button, self.stop_button)
        choices = row(self._direction, self._selected)
        ends = row(
            button("From here", "Begin the range at the frame you see",
                   self.begin_here),
            button("To here", "End the range at the frame you see", self.end_here),
            button("Whole stack", "Compute all frames", self.take_all),
        )  # fmt: skip
        positions = row(self.everywhere_button, self.seeds)
        column(self, buttons, positions, self.across, choices, self._range, ends)

    def run(self) -> None:
        """Propagate as the controls say."""
        chosen = self._chosen() if self._settings.only_selected else None
        self._controller.run(
            objects=chosen or None, frames=self._frames(), across=self.across.chosen
        )

    def run_everywhere(self) -> None:
        """Propagate at every position, as the controls say."""
        chosen = self._chosen() if self._settings.only_selected else None
        self._controller.run(objects=chosen or None, everywhere=True)

    def _frames(self) -> range | None:
        """Return the range, at the displayed position; None for the whole stack."""
        document, chosen = self._controller.document, self._settings.run_frames
        series = document.series_of(self._frame_now())
        if chosen is None:
            return None if len(series) == document.frame_count else series
        return range(series.start + chosen.start, series.start + chosen.stop)

    def _here(self) -> int:
        """Return the number of the displayed frame at its position."""
        return self._frame_now() % self._controller.document.series_length

    def begin_here(self) -> None:
        """Let the range begin at the displayed frame."""
        here, (_, last) = self._here(), self._range.value()
        self._set_range(here, max(here, int(last)))

    def end_here(self) -> None:
        """Let the range end at the displayed frame."""
        here, (first, _) = self._here(), self._range.value()
        self._set_range(min(here, int(first)), here)

    def take_all(self) -> None:
        """Let the range be the whole stack."""
        self._settings.frame_range = None

    def _set_range(self, first: int, last: int) -> None:
        is_all = first <= 0 and last >= self._last
        self._settings.frame_range = None if is_all else (first, last + 1)

    def _on_direction_chosen(self, _: int) -> None:
        self._settings.direction = self._direction.currentData()

    def _on_seed_chosen(self, _: int) -> None:
        self._settings.seed = self.seeds.currentData()

    def _on_scope_chosen(self, is_on: bool) -> None:
        self._settings.only_selected = is_on

    def _on_range_moved(self, ends: tuple[float, float]) -> None:
        self._set_range(int(ends[0]), int(ends[1]))

    def _show_range(self, _: object = None) -> None:
        first, end = self._settings.frame_range or (0, self._last + 1)
        was_blocked = self._range.blockSignals(True)
        self._range.setValue((first, end - 1))
        self._range.blockSignals(was_blocked)

    def _on_status_changed(self, status: Status) -> None:
        buttons = self.resume_button, self.run_button, self.everywhere_button
        with focus_among(self.stop_button, *buttons):
            self.stop_button.setEnabled(status.is_busy)
            self.run_button.setEnabled(not status.is_busy)
            self.everywhere_button.setEnabled(not status.is_busy)
            self._show_whether_there_is_more()
        is_stopping = status.activity is Activity.STOPPING
        self.stop_button.setText("Stopping…" if is_stopping else "Stop (Esc)")

    def _show_whether_there_is_more(self, _: object = None) -> None:
        """Offer to go on with a stopped run; undo may have made that senseless."""
        controller = self._controller
        is_free = not controller.status.is_busy  # as for a run from the beginning
        self.resume_button.setEnabled(is_free and controller.can_resume)


def _flat_range_slider() -> QLabeledRangeSlider:
    """Return a slider with its two values beside it, not above."""
    made = QLabeledRangeSlider(Qt.Orientation.Horizontal)
    made.setToolTip("First and last frame to compute")
    made.setHandleLabelPosition(QLabeledRangeSlider.LabelPosition.NoLabel)
    made.setEdgeLabelMode(QLabeledRangeSlider.EdgeLabelMode.LabelIsValue)
    return made
