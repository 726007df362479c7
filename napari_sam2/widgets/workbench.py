"""The part of the dock that belongs to one session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_sam2.layers.volume_axes import volume_axes
from napari_sam2.widgets.controls.beat import Beat
from napari_sam2.widgets.controls.controls import button, column, row
from napari_sam2.widgets.controls.links import Links
from napari_sam2.widgets.controls.section import Section
from napari_sam2.widgets.panels.objects_panel import ObjectsPanel
from napari_sam2.widgets.panels.prompts_panel import PromptsPanel
from napari_sam2.widgets.panels.results_panel import ResultsPanel
from napari_sam2.widgets.panels.review_panel import ReviewPanel
from napari_sam2.widgets.panels.track_panel import TrackPanel
from napari_sam2.widgets.panels.tuning_panel import TuningPanel
from napari_sam2.widgets.sessions.shortcuts import bind_in_layers, bind_shortcuts

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QPushButton

    from napari_sam2.control import Status
    from napari_sam2.widgets.sessions.session import Session


class Workbench(QWidget):
    """Objects, prompts, runs, review and results of one session.

    Parameters
    ----------
    session : Session
    viewer : napari.Viewer
    save : callable
        Saves the project.
    parent : QWidget, optional
    """

    went_on = Signal()
    """Something else is done: what was said before it is out of date."""

    def __init__(
        self,
        session: Session,
        viewer: Any,
        *,
        save: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self._save = save
        self.links = Links()
        self._escape = Links()
        self._was_busy = False
        self._make_panels(viewer)
        self._undo = button("Undo", "", session.controller.steps.undo)
        self._redo = button("Redo", "", session.controller.steps.redo)
        self._lay_out()
        self._wire(viewer)

    def close_links(self) -> None:
        """Listen to nothing more, before this is destroyed."""
        self.links.cut()

    def _make_panels(self, viewer: Any) -> None:
        session, links = self.session, self.links
        controller, position = session.controller, session.position
        self.objects = ObjectsPanel(controller, links, frame_now=lambda: position.frame)
        self.prompts = PromptsPanel(session, viewer, links)
        self.track = TrackPanel(
            controller,
            links,
            frame_now=lambda: position.frame,
            chosen=lambda: self.objects.chosen,
            volume=volume_axes(session.image),
        )
        self.review = ReviewPanel(
            controller,
            links,
            frame_now=lambda: position.frame,
            name_frame=session.image.space.describe_frame,
        )
        self.results = self._make_results()
        self.tuning = TuningPanel(session, links)

    def _make_results(self) -> ResultsPanel:
        session = self.session
        return ResultsPanel(
            session.controller,
            self.links,
            image=lambda: session.image,
            add_tracks=session.add_tracks,
            image_files=session.image_files,
        )

    def _lay_out(self) -> None:
        column(
            self,
            Section("&Objects", self.objects),
            Section("Promp&ts", self.prompts),
            row(self._undo, self._redo),
            Section("Propa&gate", self.track),
            Section("&Review", self.review),
            Section("Res&ults", self.results),
            Section("Fi&ne-tune", self.tuning, is_open=False),
        )

    def _wire(self, viewer: Any) -> None:
        session, links = self.session, self.links
        self.objects.jump_asked.connect(session.position.go_to)
        self.objects.added.connect(self.prompts.take_up)
        self.objects.show_only_changed.connect(self._on_show_only)
        self.review.jump_asked.connect(session.position.go_to)
        self.results.place_chosen.connect(self._on_place_chosen)
        self.review.fix_asked.connect(self.prompts.add_points)
        links.connect(session.position.changed, self.review.show_frame)
        links.connect(session.position.changed, self.objects.refresh_locks)
        self.review.show_frame(session.position.frame)
        coverage = Beat(self.objects.refresh_coverage, parent=self)
        links.connect(session.painted, lambda _: coverage.soon())
        links.at_end(coverage.stop)
        if session.masks.hidden:  # as it was left
            self.objects.switch_show_only()
        links.connect(session.history.changed, self._show_steps)
        links.connect(session.history.changed, self._go_on)
        self.review.jump_asked.connect(self._go_on)
        self.keys = bind_shortcuts(viewer, session.layers, self._actions(), links)
        links.connect(session.controller.status_changed, self._on_status_changed)
        links.at_end(self._escape.cut)
        self._show_steps()

    def _actions(self) -> dict[str, Callable[[], object]]:
        return {
            "undo": self.session.controller.steps.undo,
            "redo": self.session.controller.steps.redo,
            "new_object": self.objects.add,
            "choose_hovered": self.prompts.choose_hovered,
            "show_only": self.objects.switch_show_only,
            "first_prompt": self.objects.jump,
            "switch_polarity": self.prompts.switch_polarity,
            "run": self.track.run,
            "stop": self.session.controller.stop,
            "next_doubtful": self.review.next_doubtful,
            "accept": self.review.accept,
            "fix": self.review.fix,
            "mark_absent": self.review.mark_absent,
            "divide": self.review.divide,
            "save": self._save,
        }

    def _on_status_changed(self, status: Status) -> None:
        """Let Esc stop from any of our layers, which have another use for it else."""
        stop = {"stop": self.session.controller.stop}
        if status.is_busy != self._was_busy:
            self._escape.cut()
        if status.is_busy and not self._was_busy:
            bind_in_layers(self.session.layers, stop, self._escape)
        self._was_busy = status.is_busy
        self._show_steps()  # a run that begins can be undone

    def _go_on(self, _: object = None) -> None:
        """Leave no sentence about what was done before; what failed is to be read."""
        controller = self.session.controller
        if controller.status.is_busy:
            return
        if controller.status.problem is None and not controller.can_resume:
            controller.say("")
        self.went_on.emit()

    def _on_place_chosen(self, object_id: int, frame: int) -> None:
        if object_id in self.session.document.objects:
            self.session.document.select(object_id)
        self.session.position.go_to(frame)

    def _on_show_only(self, object_id: int | None) -> None:
        everything = frozenset(self.session.document.objects)
        hidden = everything - {object_id} if object_id is not None else frozenset()
        self.session.masks.hidden = hidden

    def _show_steps(self) -> None:
        steps = self.session.controller.steps
        for one, label, word, keys in (
            (self._undo, steps.undo_label, "Take back", "Ctrl-Z"),
            (self._redo, steps.redo_label, "Do again", "Ctrl-Shift-Z"),
        ):
            _say_step(one, label, word, keys)


def _say_step(one: QPushButton, label: str | None, word: str, keys: str) -> None:
    one.setEnabled(label is not None)
    one.setToolTip(f"{word}: {label} ({keys})" if label else f"{word} ({keys})")
