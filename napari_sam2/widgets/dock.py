"""The dock "SAM 2": puts the parts together. No logic of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QSize, Qt, QTimer
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_sam2.control import Activity, Downloads, Status, Topic
from napari_sam2.core.errors import Sam2Error
from napari_sam2.layers.hooks import add_sample
from napari_sam2.widgets.controls.controls import scroll_area
from napari_sam2.widgets.controls.focus import focus_picture
from napari_sam2.widgets.controls.links import Links
from napari_sam2.widgets.controls.log_watch import LogWatch
from napari_sam2.widgets.controls.remembering import Memory
from napari_sam2.widgets.controls.section import Section
from napari_sam2.widgets.controls.status_line import StatusLine
from napari_sam2.widgets.controls.tab_order import put_below
from napari_sam2.widgets.panels.axis_question import AxisQuestion
from napari_sam2.widgets.panels.help_panel import HelpPanel
from napari_sam2.widgets.panels.image_panel import ImagePanel
from napari_sam2.widgets.panels.image_switch import ImageSwitch
from napari_sam2.widgets.panels.model_panel import ModelPanel
from napari_sam2.widgets.panels.settings_form import SettingsForm
from napari_sam2.widgets.projects.project_panel import Projects
from napari_sam2.widgets.sessions.model_shelf import ModelShelf, fetch_weights
from napari_sam2.widgets.sessions.qt_lane import QtLane
from napari_sam2.widgets.sessions.sessions import Sessions
from napari_sam2.widgets.workbench import Workbench

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent

    from napari_sam2.control import TrackerFactory
    from napari_sam2.widgets.sessions.session import Session

_WIDTH, _SENTENCE_HEIGHT = 380, 100


class Sam2Dock(QWidget):
    """Click an object, propagate, correct, save.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        napari knows the argument by its name.
    make_tracker : TrackerFactory, optional
        Another source of trackers than the models of this package.
    """

    def __init__(
        self, napari_viewer: Any, *, make_tracker: TrackerFactory | None = None
    ) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._links = Links()
        self._memory = Memory(self._links)
        self.settings = self._memory.settings
        self.lane, self._shelf = QtLane(), ModelShelf()
        self._side_lane = QtLane(name="napari-sam2-downloads")
        self.downloads = Downloads(self._side_lane, fetch_weights)
        self.sessions = Sessions(
            napari_viewer,
            self.settings,
            lane=self.lane,
            make_tracker=make_tracker or self._shelf,
        )
        self.workbench: Workbench | None = None
        self._is_shut = False
        self._taken_out = QTimer(self, singleShot=True, interval=0)
        self._taken_out.timeout.connect(self._leave)
        self._make_panels()
        self._lay_out()
        self._wire()
        self._begin()

    def _make_panels(self) -> None:
        self.projects = Projects(
            self._viewer, self.sessions, self.settings, self.lane, self._links
        )
        self.image_panel = ImagePanel(self._viewer, self._links)
        self.axis_question = AxisQuestion()
        self._switch = ImageSwitch(
            self._viewer, self.sessions, self.image_panel, self.axis_question,
            self._links,
        )  # fmt: skip
        self.model_panel = ModelPanel(
            self.settings, self.downloads, self._side_lane, self._links
        )
        self.settings_form = SettingsForm(self.settings, self._links)
        self.help_panel = HelpPanel()
        self.status_line = StatusLine()
        self._compiling = LogWatch(
            "napari_sam2.engine.compiled", self._links, about=self._shelf.chosen_here
        )

    def _lay_out(self) -> None:
        self._project_section = Section("Pro&ject", self.projects)
        self._image_section = Section("&Image", self.image_panel)
        self._model_section = Section("&Model", self.model_panel)
        inside = QWidget()
        self._parts = QVBoxLayout(inside)
        self._parts.setContentsMargins(4, 4, 4, 4)
        self._parts.setSpacing(6)
        for part in (
            self.help_panel.first_steps, self._project_section, self._image_section,
            self.axis_question, self._model_section,
            Section("&Settings", self.settings_form, is_open=False),
            Section("H&elp", self.help_panel),
        ):  # fmt: skip
            self._parts.addWidget(part)
        self._parts.addStretch(1)
        self._scroll = scroll_area(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(2, 2, 2, 2)
        whole.addWidget(self._scroll, 1)
        whole.addWidget(self.status_line)
        self.setMinimumWidth(300)

    def _wire(self) -> None:
        self.image_panel.described.connect(self._image_section.summarise)
        self.model_panel.described.connect(self._model_section.summarise)
        self._model_section.summarise(self.model_panel.summary)
        for panel in (self.image_panel, self.projects):
            panel.refused.connect(self.status_line.complain)
        self.image_panel.said.connect(self.status_line.mention)
        self.projects.said.connect(self.status_line.say)
        self.projects.begun.connect(self.status_line.begin)
        self.help_panel.sample_asked.connect(self.open_sample)
        self.sessions.made.connect(self._listen_to)
        self.sessions.changed.connect(self._on_session_changed)
        self.projects.opened.connect(self._switch.show_source)
        self.projects.title_changed.connect(self._project_section.add_to_title)
        self._links.connect(self.downloads.status_changed, self._on_download_status)
        self._compiling.said.connect(self._on_compiling)
        for choice in ("model", "device", "image_size", "quality"):
            signal = getattr(self.settings.events, choice)
            self._links.connect(signal, self._on_model_changed)
        removed = self._viewer.layers.events.removed
        self._links.connect(removed, lambda _: self.sessions.close_orphans())
        # The window may go without asking its docks; then this is the last call.
        self.destroyed.connect(lambda: self.shut_down(is_window_gone=True))

    def _begin(self) -> None:
        self.help_panel.show_first_steps(self._memory.is_first_run)
        self._memory.note_first_steps()
        if self.all_in(self._viewer) != [self]:
            self._stand_back()
        else:
            self.image_panel.begin()
            self.projects.look_for_work()

    def sizeHint(self) -> QSize:
        """Return the width that everything fits into."""
        return QSize(_WIDTH, 800)

    def event(self, event: QEvent) -> bool:
        """Shut down when napari is about to delete the dock, or takes it out."""
        if event.type() == QEvent.Type.DeferredDelete:
            self.shut_down()
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self._taken_out.start()  # or only on its way to another place
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Stop with Esc, or go back to the picture, whose keys work there only."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.status_line.is_busy and self.sessions.current is not None:
            self.sessions.current.controller.stop()
        else:
            focus_picture(self.window())

    def _leave(self) -> None:
        """End with the frame that its cross has closed: napari deletes only that."""
        if self.parent() is None:
            self.shut_down()
            self.deleteLater()

    def open_sample(self, name: str) -> None:
        """Open a sample with its prompts, so that Propagate works at once."""
        self.status_line.begin(Topic.OPENING)
        try:
            layer, found = add_sample(self._viewer, name)
        except Sam2Error as problem:
            self.status_line.complain(problem, Topic.OPENING)
            return
        self.image_panel.work_on(layer)
        session = self.sessions.current
        if session is not None:
            session.take_prompts(found)
            session.position.go_to(min((one.frame for one in found.prompts), default=0))

    def shut_down(self, *, is_window_gone: bool = False) -> None:
        """Stop everything, wait for the worker, and listen to nothing; only once."""
        if self._is_shut:
            return
        self._is_shut = True
        self._links.cut()
        if self.workbench is not None:
            self.workbench.close_links()
        self.projects.fall_silent()
        self.sessions.finish_runs()
        self.projects.close()
        self.sessions.close(is_window_gone=is_window_gone)
        self.downloads.close()
        if not is_window_gone:
            self.status_line.close_activity()
        self._side_lane.close()
        self.lane.close()

    def _on_model_changed(self, _: object) -> None:
        """Load what was chosen at once, once the session knows of it."""
        QTimer.singleShot(0, self._prepare)

    def _prepare(self) -> None:
        if self.sessions.current is not None and not self._is_shut:
            self.sessions.current.controller.prepare()

    def _on_compiling(self, sentence: str, is_passing: bool, choice: object) -> None:
        self.status_line.say(sentence)
        if not is_passing:
            self.settings_form.note(sentence, choice)

    def _on_download_status(self, status: Status) -> None:
        self.status_line.show_problem(status, "download")

    def _listen_to(self, session: Session) -> None:
        """Tell also what becomes of work on an image that is not on display."""

        def hear(status: Status) -> None:
            is_elsewhere = session is not self.sessions.current and session.has_image
            if not is_elsewhere or self._is_shut:
                return
            if status.problem is not None:
                self.status_line.show_problem(status, f"session {id(session)}")
            elif status.activity is Activity.IDLE and status.message:
                self.status_line.mention(status.message)

        session.links.connect(session.controller.status_changed, hear)

    def _on_session_changed(self, session: Session | None) -> None:
        self._put_workbench_away()
        self._follow_layer_until_prompted()
        if session is None:
            self.settings_form.show_status(Status())
            self.status_line.show_status(Status())
            return
        self.workbench = Workbench(session, self._viewer, save=self.projects.save)
        put_below(self._model_section, self.workbench, self._parts)
        self.help_panel.show_keys(self.workbench.keys)
        links, show = self.workbench.links, self.status_line.show_status
        for one in (show, self.model_panel.notice, self.settings_form.show_status):
            links.connect(session.controller.status_changed, one)
        self.settings_form.show_status(session.controller.status)
        links.connect(
            session.document.prompts_changed, self._follow_layer_until_prompted
        )
        self.workbench.went_on.connect(partial(self.status_line.say, ""))
        self.workbench.results.table_ready.connect(self._show_table)

    @classmethod
    def all_in(cls, viewer: Any) -> list[Sam2Dock]:
        """Return the docks that work in a viewer: one, or none."""
        # napari hands out proxies of its viewer, which share nothing but the hash
        return [
            one
            for one in QApplication.allWidgets()
            if isinstance(one, cls)
            and not one._is_shut
            and hash(one._viewer) == hash(viewer)
        ]

    def _stand_back(self) -> None:
        """Leave the viewer to the dock that is there: two would fight over layers."""
        self.shut_down()
        self._scroll.hide()  # the one that is there needs the column
        self.setFixedHeight(_SENTENCE_HEIGHT)
        self.status_line.say(
            "SAM 2 is open in this viewer already. Close this panel, and use the other "
            "one."
        )

    def _put_workbench_away(self) -> None:
        if self.workbench is not None:
            self.workbench.close_links()
            self.workbench.hide()
            self.workbench.deleteLater()
            self.workbench = None

    def _follow_layer_until_prompted(self, _: object = None) -> None:
        """Follow the active layer only until there is something to lose sight of."""
        session = self.sessions.current
        is_begun = session is not None and not session.is_empty
        self.image_panel.is_following = not is_begun
        if is_begun:
            self._image_section.make_room()
            self._model_section.make_room()

    def _show_table(self, table: QWidget) -> None:
        self._viewer.window.add_dock_widget(table, name="SAM 2 table", area="bottom")
