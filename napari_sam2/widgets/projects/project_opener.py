"""From a project file to a session: read, its image found or asked for, opened."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_sam2.core.errors import Sam2Error, StackError
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.image_source import ImageSource, image_source
from napari_sam2.layers.layer_file import layer_path, shows_file
from napari_sam2.layers.left_masks import make_way
from napari_sam2.layers.project_image import (
    fitting_layers,
    project_layer,
    put_in_place,
    source_for,
)
from napari_sam2.project import (
    Project,
    Whereabouts,
    apply_choices,
    locate_image,
    read_project,
)
from napari_sam2.widgets.projects.companion_opener import Companions
from napari_sam2.widgets.projects.opening import Opening
from napari_sam2.widgets.projects.project_words import opens

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_sam2.control.ports import Job
    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.io.reading.stack import Stack
    from napari_sam2.project import Recovery
    from napari_sam2.state import Settings
    from napari_sam2.widgets.projects.companion_opener import Found
    from napari_sam2.widgets.projects.image_question import ImageQuestion
    from napari_sam2.widgets.sessions.file_lane import FileLane
    from napari_sam2.widgets.sessions.sessions import Sessions

T = TypeVar("T")


class ProjectOpener(QObject):
    """Opens projects, one at a time; files are read in the background.

    Parameters
    ----------
    viewer : napari.Viewer
    sessions : Sessions
    settings : Settings
    files : FileLane
    question : ImageQuestion
    parent : QObject, optional
    """

    opened = Signal(object, object)
    """The Opening, and the Session that has its contents."""
    failed = Signal(object)
    """Why it could not be opened."""
    said = Signal(str)
    given_up = Signal(object)
    """An Opening that is not wanted, or not possible, now."""

    def __init__(
        self,
        viewer: Any,
        sessions: Sessions,
        settings: Settings,
        files: FileLane,
        question: ImageQuestion,
        *,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._sessions = sessions
        self._settings = settings
        self._files = files
        self._question = question
        self._opening: Opening | None = None
        self._waiting: list[tuple[Path | None, Recovery | None]] = []
        self._is_reading = False
        question.file_chosen.connect(self._look_elsewhere)
        question.layer_chosen.connect(self._bind)
        question.accepted.connect(self._open_image)
        question.cancelled.connect(self._give_up)

    @property
    def _current(self) -> Opening:
        assert self._opening is not None, "there is one that is being opened"
        return self._opening

    def open(self, path: Path | None, *, recovery: Recovery | None = None) -> None:
        """Open a project, or restore what was not saved of one.

        While another one is being read, it waits for its turn.
        """
        if self._is_reading:
            self._waiting.append((path, recovery))
        else:
            self._begin(path, recovery)

    def _begin(self, path: Path | None, recovery: Recovery | None) -> None:
        file = path if recovery is None else recovery.path
        assert file is not None
        self._let_go()
        self._question.hide()
        self.said.emit(opens(file, recovery))

        def job(token: CancelToken) -> Generator[Opening]:
            project = read_project(file)
            yield Opening(project, path, recovery, locate_image(project, path or file))

        self._read(job, self._on_read)

    def _read(self, job: Job[T], take: Callable[[T], None]) -> None:
        self._is_reading = True

        def taken(found: T) -> None:
            self._is_reading = False
            take(found)
            self._go_on()

        def failed(problem: Exception) -> None:
            self._is_reading = False
            self._fail(problem)

        self._files.submit(job, on_item=taken, on_error=failed)

    def _go_on(self) -> None:
        """Open the project that waits, if there is one and nothing is being asked."""
        if self._waiting and self._opening is None and not self._is_reading:
            self._begin(*self._waiting.pop(0))

    def _fail(self, problem: Exception) -> None:
        self.said.emit("")
        self.failed.emit(problem)
        self._give_up()

    def _give_up(self) -> None:
        self.said.emit("")
        self._let_go()
        self._go_on()

    def _let_go(self) -> None:
        """Tell of a project that is not wanted any more, if there is one."""
        opening, self._opening = self._opening, None
        if opening is not None:
            self.given_up.emit(opening)

    def _on_read(self, opening: Opening) -> None:
        self._opening = opening
        state = opening.state
        if state.whereabouts is Whereabouts.FOUND:
            self._open_image()
        elif state.whereabouts is Whereabouts.MOVED:
            self.said.emit(state.sentence)
            self._open_image()
        else:
            self.said.emit("")
            self._opening = replace(opening, was_asked=True)
            can_accept = state.path is not None
            self._question.ask(
                state.sentence, self._free_layers(), can_accept=can_accept
            )

    def _free_layers(self) -> list[Any]:
        """Return the open images that fit, and were not worked on along this axis."""
        project = self._current.project
        axis = project.stack.layout.frame
        images = [one for one in self._viewer.layers if isinstance(one, Image)]
        return [
            layer
            for layer in fitting_layers(project, images)
            if not self._sessions.is_worked_on(layer, axis)
        ]

    def _look_elsewhere(self, path: str) -> None:
        opening = self._current

        def job(token: CancelToken) -> Generator[Opening]:
            file = opening.path or path
            state = locate_image(opening.project, file, instead=path)
            yield replace(opening, state=state)

        self._read(job, self._on_read)

    def _open_image(self) -> None:
        opening = self._current
        path = opening.state.path
        assert path is not None
        for layer in self._free_layers():
            if shows_file(layer, path):
                self._bind(layer)
                return
        image = opening.project.image

        def job(token: CancelToken) -> Generator[Stack | Path]:
            try:
                yield open_stack(path, image.series, dataset=image.dataset)
            except StackError:
                yield path  # perhaps another plugin of napari's knows it

        self._read(job, self._show_image)

    def _show_image(self, found: Stack | Path) -> None:
        opening = self._current
        try:
            # No session but the project's own: layers cost napari half a second each
            with self._sessions.paused():
                layer = _add_image(self._viewer, opening.project, found)
                put_in_place(layer, opening.project.stack.placing)
        except Sam2Error as problem:
            self._fail(problem)
            return
        self._bind(layer)

    def _bind(self, layer: Any) -> None:
        """Put what the project keeps on a layer, once those beside it are open."""
        opening = self._current
        path = opening.path or layer_path(layer) or Path()
        companions = Companions(self._viewer, opening.project, path)

        def bind(found: Found) -> None:
            self._bind_beside(layer, companions, found)

        if companions.is_complete:
            bind({})
        else:
            self._read(companions.read, bind)

    def _source(self, layer: Any, companions: Companions, found: Found) -> ImageSource:
        """Follow a layer with those beside it; if that cannot be, by itself."""
        project = self._current.project
        try:
            return source_for(project, layer, companions.layers(layer, found))
        except Sam2Error as problem:
            self.failed.emit(problem)
            return source_for(project, layer)

    def _bind_beside(self, layer: Any, companions: Companions, found: Found) -> None:
        opening = self._current
        project, view = opening.project, opening.project.view
        try:
            source = self._source(layer, companions, found)
            apply_choices(self._settings, project.choices)
            with self._sessions.paused():
                make_way(self._viewer.layers, opening.file)
            session = self._sessions.restore(source, project.contents)
        except Sam2Error as problem:
            self._fail(problem)
            with suppress(Sam2Error):
                self._sessions.open(image_source(layer, every=True))
            return
        self._opening = None
        session.position.face_frames()
        session.position.go_to(view.frame)
        if view.selected is not None and view.selected in session.document.objects:
            session.document.select(view.selected)
        self.opened.emit(opening, session)
        self._go_on()


def _add_image(viewer: Any, project: Project, found: Stack | Path) -> Any:
    """Show the image of a project; a file is opened by whichever plugin knows it."""
    if not isinstance(found, Path):
        array, options = project_layer(project, found)
        return viewer.add_image(array, **options)
    layers = viewer.open(str(found))
    fitting = fitting_layers(project, [one for one in layers if isinstance(one, Image)])
    if not fitting:
        raise StackError(f"{found} holds no image that fits the project.")
    return fitting[0]
