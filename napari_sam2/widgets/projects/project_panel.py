"""The part "Project" of the dock: open, save, and work that is never lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_sam2.control import Topic
from napari_sam2.layers.layer_file import image_name
from napari_sam2.project import find_recoverable
from napari_sam2.project.schema import SUFFIX
from napari_sam2.widgets.controls.controls import button, column, row, text
from napari_sam2.widgets.projects import project_words as words
from napari_sam2.widgets.projects.image_question import ImageQuestion
from napari_sam2.widgets.projects.keeper import Keeper
from napari_sam2.widgets.projects.project_opener import ProjectOpener
from napari_sam2.widgets.projects.recovery import RecoveryBanner
from napari_sam2.widgets.sessions.file_lane import FileLane

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_sam2.control import Lane
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.project import Recovery
    from napari_sam2.state import Settings
    from napari_sam2.widgets.controls.links import Links
    from napari_sam2.widgets.projects.opening import Opening
    from napari_sam2.widgets.sessions.session import Session
    from napari_sam2.widgets.sessions.sessions import Sessions

_FILTER = f"Projects of SAM 2 (*{SUFFIX})"
_TICK_MS = 1000


class Projects(QWidget):
    """Opens and saves projects, and keeps a recovery file of every session.

    Parameters
    ----------
    viewer : napari.Viewer
    sessions : Sessions
    settings : Settings
    lane : Lane
        Where frames are read.
    links : Links
        Cut when the dock closes.
    parent : QWidget, optional
    """

    title_changed = Signal(str)
    """The name of the project, with a star for what is not saved."""
    opened = Signal()
    """The current session is that of a project."""
    begun = Signal(object)
    """What is asked for: a :class:`napari_sam2.control.Topic`."""
    refused = Signal(object, object)
    """Why something could not be opened or saved, and which of the two."""
    said = Signal(str)

    def __init__(
        self,
        viewer: Any,
        sessions: Sessions,
        settings: Settings,
        lane: Lane,
        links: Links,
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._sessions = sessions
        self._settings = settings
        self._frames_lane = lane
        self._files = FileLane()
        self._keepers: dict[int, Keeper] = {}
        self._is_closed = self._is_silent = False
        self._make_controls()
        parts = viewer, sessions, settings, self._files, self.question
        self.opener = ProjectOpener(*parts, parent=self)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._wire(links)
        self._show()

    def _make_controls(self) -> None:
        self.banner = RecoveryBanner()
        self.question = ImageQuestion()
        self.open_button = button(
            "Open…", "Open a project: its image and everything about it", self.ask_open
        )
        self.save_button = button(
            "Save", "Save the project (Shift-S in the picture)", self.save
        )
        self.save_as_button = button(
            "Save as…", "Save the project under another name", self.ask_save
        )
        self._note = text()
        buttons = row(self.open_button, self.save_button, self.save_as_button)
        column(self, self.banner, buttons, self.question, self._note)

    def _wire(self, links: Links) -> None:
        links.connect(self._sessions.changed, self._on_session_changed)
        links.connect(self._sessions.closing, self._on_session_closing)
        self.opener.opened.connect(self._on_opened)
        self.opener.failed.connect(self._on_not_opened)
        self.opener.said.connect(self.said)
        self.opener.given_up.connect(self._on_given_up)
        self.banner.restore_asked.connect(self._restore)
        self.banner.discard_asked.connect(lambda recovery: recovery.discard())
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    @property
    def keeper(self) -> Keeper | None:
        """Keeps the work that is on display."""
        return self._keepers.get(id(self._sessions.current))

    def look_for_work(self) -> None:
        """Offer what was left unsaved, by an earlier napari say."""

        def job(token: CancelToken) -> Generator[list[Recovery]]:
            yield find_recoverable()

        self._files.submit(job, on_item=self.banner.offer, on_error=self._on_not_opened)

    def ask_open(self) -> None:
        """Ask for a project, and open it."""
        path, _ = QFileDialog.getOpenFileName(self, "Open a project", "", _FILTER)
        if path:
            self.open(Path(path))

    def open(self, path: Path) -> None:
        """Open a project; its image is asked for where it cannot be found."""
        self.begun.emit(Topic.OPENING)
        self.opener.open(path)

    def save(self) -> None:
        """Save to the project that is open, or ask for a name."""
        keeper = self.keeper
        if keeper is not None and keeper.path is not None:
            self.begun.emit(Topic.SAVING)
            keeper.save(keeper.path)
        else:
            self.ask_save()

    def ask_save(self) -> None:
        """Ask for a name, and save."""
        keeper = self.keeper
        if keeper is None:
            return
        now = keeper.path or Path(f"{image_name(keeper.session.image.layer)}{SUFFIX}")
        path, _ = QFileDialog.getSaveFileName(
            self, "Save the project", str(now), _FILTER
        )
        if path:
            self.save_as(Path(path))

    def save_as(self, path: Path) -> None:
        """Save to a file, which the project is from then on."""
        if self.keeper is not None:
            if path.suffix.lower() != SUFFIX:
                path = path.with_name(path.name + SUFFIX)
            self.begun.emit(Topic.SAVING)
            self.keeper.save(path)

    def fall_silent(self) -> None:
        """Show nothing more: the window may be gone."""
        self._is_silent = True
        self._timer.stop()

    def close(self) -> None:
        """Write what is not written, and wait for it."""
        if self._is_closed:
            return
        self._is_closed = True
        self.fall_silent()
        for keeper in self._keepers.values():
            keeper.autosave.save()
        self._files.finish()
        for keeper in self._keepers.values():
            keeper.note_written()
            keeper.close(is_kept=True)
        self._keepers.clear()

    def _on_session_changed(self, session: Session | None) -> None:
        if session is not None and id(session) not in self._keepers:
            self._keepers[id(session)] = self._keep(session)
        self._show()

    def _keep(self, session: Session) -> Keeper:
        keeper = Keeper(
            session, self._settings, files=self._files, frames_lane=self._frames_lane
        )
        keeper.changed.connect(self._show)
        keeper.failed.connect(self._on_not_saved)
        keeper.saved.connect(self._on_saved)
        return keeper

    def _on_session_closing(self, session: Session) -> None:
        """Keep the work on an image that was removed, unless it was withdrawn."""
        keeper = self._keepers.pop(id(session), None)
        if keeper is None:
            return
        is_kept = session.image.layer not in self._viewer.layers
        if is_kept:
            keeper.autosave.save()

        def wait(token: CancelToken) -> Generator[None]:
            yield

        def end() -> None:
            was_unsaved = keeper.is_unsaved
            keeper.close(is_kept=is_kept)
            if is_kept and was_unsaved:
                self.look_for_work()

        self._files.submit(wait, on_done=end)

    def _on_saved(self, path: Path) -> None:
        self.said.emit(words.saved(path, self._unsaved_axes()))

    def _restore(self, recovery: Recovery) -> None:
        self.begun.emit(Topic.OPENING)
        self.opener.open(recovery.project_path, recovery=recovery)

    def _on_opened(self, opening: Opening, session: Session) -> None:
        keeper = self._keepers[id(session)]
        recovery = opening.recovery
        keeper.adopt(
            opening.project,
            opening.path,
            is_saved=opening.is_saved,
            is_same_image=opening.has_its_image(session.image.layer),
        )
        if recovery is not None:
            self._discard_when_safe(recovery, keeper)
        session.controller.say(words.opened(opening), is_to_be_read=True)
        self._show()
        self.opened.emit()

    def _discard_when_safe(self, recovery: Recovery, keeper: Keeper) -> None:
        """Remove a recovery file behind the writing of the one that replaces it."""
        written = keeper.autosave.path

        def job(token: CancelToken) -> Generator[None]:
            if written.exists():
                recovery.discard()
            yield

        self._files.submit(job, on_error=self._on_not_saved)

    def _on_not_opened(self, problem: Exception) -> None:
        self.refused.emit(problem, Topic.OPENING)

    def _on_not_saved(self, problem: Exception) -> None:
        self.refused.emit(problem, Topic.SAVING)

    def _on_given_up(self, opening: Opening) -> None:
        if opening.recovery is not None:
            self.banner.reconsider(opening.recovery)
            self.look_for_work()

    def _tick(self) -> None:
        for keeper in self._keepers.values():
            keeper.autosave.tick()

    def _show(self) -> None:
        if self._is_silent:
            return
        keeper = self.keeper
        for one in (self.save_button, self.save_as_button):
            one.setEnabled(keeper is not None)
        self._note.setText(words.note(keeper, self._unsaved_axes()))
        self._note.setToolTip(words.KEPT if keeper is not None else "")
        self.title_changed.emit(words.title(keeper))

    def _unsaved_axes(self) -> str:
        keeper = self.keeper
        if keeper is None:
            return ""
        return words.unsaved_axes(keeper, self._keepers.values())
