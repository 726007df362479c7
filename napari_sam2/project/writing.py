"""From a :class:`Project` to its file: all of it, or what was there before."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.core.errors import OutputError, ProjectError
from napari_sam2.core.flushing import flush_file, flush_names
from napari_sam2.io.files.output import atomic_output
from napari_sam2.project.reading import check_contents
from napari_sam2.project.schema import SUFFIX
from napari_sam2.project.store import Store, naming_store, new_store

if TYPE_CHECKING:
    from napari_sam2.project.values import Project


def write_project(path: str | Path, project: Project) -> None:
    """Save a project, in place of the one that is there.

    It is written beside the old one and takes its place when it is complete and on
    the disk, so that there is a whole project at any time.

    Parameters
    ----------
    path : str or Path
        A file whose name ends in ``.sam2``.
    project : Project

    Raises
    ------
    ProjectError
        If it cannot be written; the project that was there is untouched.
    """
    path = Path(path)
    if path.suffix.lower() != SUFFIX:
        raise ProjectError(f"Projects are files that end in {SUFFIX}: rename {path}.")
    try:
        with atomic_output(path, overwrite=True) as temporary, naming_store(path):
            _write(temporary, project)
            flush_file(temporary)
        flush_names(path.parent)
    except OutputError as error:
        raise ProjectError(str(error)) from error


def fill_store(store: Store, project: Project) -> None:
    """Put everything into empty tables, checked as when it is read."""
    contents = project.contents
    check_contents(contents, project.stack)
    store.describe(project)
    store.set_objects(contents.objects)
    store.set_prompts(contents.prompts)
    store.set_masks(contents.masks.items())
    store.set_steps(enumerate(contents.steps))
    store.set_run(contents.left)


def _write(path: Path, project: Project) -> None:
    store = new_store(path, is_private=True)
    with closing(store.connection), store.transaction():
        fill_store(store, project)
