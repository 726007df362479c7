"""Keeps the work on one image: in its project, and in a recovery file meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_sam2.control import Activity
from napari_sam2.layers.left_masks import note_kept
from napari_sam2.layers.project_image import (
    geometry_of,
    refer_to_companion,
)
from napari_sam2.project import (
    Autosave,
    locate_companion,
    project_header,
    project_of,
    related_to,
    with_known_pixels,
    write_project,
)
from napari_sam2.project.image import stamp_of
from napari_sam2.project.values import View
from napari_sam2.widgets.controls.links import Links
from napari_sam2.widgets.projects.image_look import ImageLook
from napari_sam2.widgets.sessions.recipes import model_reference

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from napari_sam2.control import Lane, Status
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.project.image import Stamp
    from napari_sam2.project.values import ImageReference, Project
    from napari_sam2.state import Settings
    from napari_sam2.widgets.sessions.file_lane import FileLane
    from napari_sam2.widgets.sessions.session import Session


@dataclass(slots=True, eq=False)
class _Saving:
    """A project on its way to disk, and how the file was left there."""

    generation: int
    path: Path
    project: Project
    image: ImageSource
    stamp: Stamp | None = None

    @property
    def is_written(self) -> bool:
        return self.stamp is not None


class Keeper:
    """Saves the work of a session.

    Parameters
    ----------
    session : Session
    settings : Settings
    files : FileLane
        Where files are written.
    frames_lane : Lane
        Where frames are read.
    """

    changed = Signal()
    """There is something that is not saved, or everything is."""
    saved = Signal(object)
    """The path of the project that was written."""
    failed = Signal(Exception)
    """It could not be saved."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        *,
        files: FileLane,
        frames_lane: Lane,
    ) -> None:
        self.session = session
        self._settings = settings
        self._files = files
        self._links = Links()
        self._created = ""
        self._beside: dict[str, ImageReference] = {}
        self._moved: dict[str, Path] = {}
        self._was_running = False
        self._was_idle = True
        self._saved_generation = 0
        self._savings: list[_Saving] = []
        self._blind: _Saving | None = None
        self.look = ImageLook(session, frames_lane)
        controller = session.controller
        self.autosave = Autosave(
            session.document,
            self._describe,
            lambda: controller.recorder.steps,
            lane=files,
            left=lambda: controller.recorder.left,
        )
        self._listen()

    def _listen(self) -> None:
        document, links = self.session.document, self._links
        links.connect(self.autosave.failed, self.failed.emit)
        for signal in (
            document.objects_changed,
            document.prompts_changed,
            document.masks_changed,
        ):
            links.connect(signal, self._on_changed)
        links.connect(document.masks_changed, self.look.begin)
        links.connect(self.look.taken, self._add_pixels)
        links.connect(self.session.controller.status_changed, self._on_status_changed)

    @property
    def path(self) -> Path | None:
        """The project, if there is one."""
        return self.autosave.project_path

    @property
    def is_unsaved(self) -> bool:
        """Whether there is work that is in no project."""
        return self.autosave.generation != self._saved_generation and (
            self.path is not None or not self.session.is_empty
        )

    def adopt(
        self,
        project: Project,
        path: Path | None,
        *,
        is_saved: bool,
        is_same_image: bool,
    ) -> None:
        """Go on with a project whose contents the session has.

        Parameters
        ----------
        project : Project
        path : Path or None
        is_saved : bool
            Whether the project is as the contents are; otherwise they were restored.
        is_same_image : bool
            Whether the image is the one that the project describes, not one that was
            put in its place.
        """
        if is_same_image:
            self.look.recall(project.image)
        self._created = project.saved.created
        self._beside = {one.key: one for one in project.beside}
        if path is not None:
            found = {one.key: locate_companion(one, path) for one in project.beside}
            self._moved = {key: now for key, now in found.items() if now is not None}
        self.autosave.project_path = path
        if not is_saved:
            self.autosave.note_unsaved()
            self.autosave.save()
        self.changed.emit()

    def save(self, path: Path) -> None:
        """Take everything down, and write it in the background."""
        project = self._take_down(path)
        saving = _Saving(self.autosave.generation, path, project, self.session.image)
        self._savings.append(saving)
        self._blind = None if self.look.has_seen_pixels else saving

        def job(token: CancelToken) -> Generator[None]:
            write_project(path, project)
            saving.stamp = stamp_of(path)
            yield

        self._files.submit(job, on_done=self.note_written, on_error=self.failed.emit)

    def note_written(self) -> None:
        """Take note of what is on disk by now.

        Call it also once the lane was closed: then nothing tells of its last jobs.
        """
        written = [one for one in self._savings if one.is_written]
        self._savings = [one for one in self._savings if not one.is_written]
        for saving in written:
            self._saved_generation = saving.generation
            self.autosave.mark_saved(saving.generation, saving.path)
            self.changed.emit()
            self.saved.emit(saving.path)

    def close(self, *, is_kept: bool) -> None:
        """Hear nothing more; leave what is unsaved to be recovered, or not."""
        self._links.cut()
        is_unsaved = self.is_unsaved
        if is_kept:
            file = self.autosave.path if is_unsaved else self.path
            note_kept(self.session.masks.layer, file)
        self.autosave.close(keep=is_kept and is_unsaved)

    def _on_changed(self, _: object) -> None:
        self.changed.emit()

    def _add_pixels(self, looked_at: ImageSource) -> None:
        """Write again what was saved before the look, unless the file is another now.

        Nothing is told: it was saved all along.
        """
        blind, self._blind = self._blind, None
        if blind is None or blind.image is not looked_at:
            return
        image = with_known_pixels(blind.project.image, self.look.reference)

        def job(token: CancelToken) -> Generator[None]:
            if blind.stamp == stamp_of(blind.path):
                write_project(blind.path, replace(blind.project, image=image))
            yield

        # Where it fails, what was saved is still there.
        self._files.submit(job, on_error=lambda _: None)

    def _on_status_changed(self, status: Status) -> None:
        """Save what a run found when it is over."""
        is_running = status.activity in (Activity.RUNNING, Activity.STOPPING)
        if self._was_running and not is_running:
            self.autosave.save()
        self._was_running = is_running
        is_idle, was_idle = status.activity is Activity.IDLE, self._was_idle
        self._was_idle = is_idle
        # What is said while nothing goes on is no end of work: a click may come.
        if is_idle and not was_idle and not self.session.is_empty:
            self.look.begin()

    def _take_down(self, path: Path) -> Project:
        """Return everything as it is now, for a project at ``path``."""
        header = self._describe()
        beside = (related_to(x, path, self._moved.get(x.key)) for x in header.beside)
        header = replace(
            header, image=related_to(header.image, path), beside=tuple(beside)
        )
        recorder = self.session.controller.recorder
        document = self.session.document
        return project_of(document, header, recorder.steps, recorder.left)

    def _describe(self) -> Project:
        session, model = self.session, self._settings.model
        steps = session.controller.recorder.steps
        return project_header(
            self._settings,
            image=self.look.reference,
            stack=geometry_of(session.image),
            model=model_reference(steps, model),
            created=self._created,
            view=View(session.position.frame, session.document.selected),
            beside=tuple(self._companions().values()),
        )

    def _companions(self) -> dict[str, ImageReference]:
        """Describe all images that were seen beside ours, in earlier sessions too."""
        mine = self.session.companions.items()
        return {**self._beside, **{k: refer_to_companion(one) for k, one in mine}}
