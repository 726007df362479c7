"""Recovery files: one for each session at work, found again after a crash.

A session holds its file locked as long as it lives, and the operating system lets go of
the lock however it dies. So a file that can be locked belongs to nobody.
"""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from napari_sam2.core.errors import ProjectError
from napari_sam2.project import encoding
from napari_sam2.project.reading import read_about, read_project
from napari_sam2.project.schema import SUFFIX, database_uri
from napari_sam2.project.store import Store, naming_store, new_store

if TYPE_CHECKING:
    from napari_sam2.project.changes import Changes
    from napari_sam2.project.values import Project

STATE_VARIABLE = "NAPARI_SAM2_STATE"
_JOURNALS = ("-journal", "-wal", "-shm")
_BEGINNING_SECONDS = 600
"""A file that is made just now is empty, and is not locked yet."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a session that crashed had not saved.

    Attributes
    ----------
    path : Path
        The recovery file.
    image_name : str
    project_path : Path or None
        The project that it belongs to; None when it was never saved.
    saved : str
        When it was written last, ISO 8601 in UTC.
    """

    path: Path
    image_name: str
    project_path: Path | None
    saved: str

    def read(self) -> Project:
        """Return the work as it was when it was written last.

        Raises
        ------
        ProjectError
            If the file is damaged.
        """
        return read_project(self.path)

    def discard(self) -> None:
        """Remove the file: it was restored and saved, or is not wanted."""
        _remove(self.path)


class RecoveryFile:
    """The recovery file of one session; used on one thread at a time.

    Parameters
    ----------
    folder : Path, optional
        The user's own by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = recovery_folder() if folder is None else folder
        self.path = folder / f"{os.getpid()}-{uuid.uuid4().hex[:12]}{SUFFIX}"
        self._store: Store | None = None

    def write(
        self, changes: Changes, project_path: Path | None, *, is_first: bool
    ) -> None:
        """Write changes, all or none of them.

        Parameters
        ----------
        changes : Changes
        project_path : Path or None
            The project that they belong to.
        is_first : bool
            Whether they are everything, in place of what is there.

        Raises
        ------
        ProjectError
            If they cannot be written.
        """
        if self._store is None:
            if not is_first:  # everything failed, and comes again with these
                return
            self._store = self._new_store()
        with naming_store(self.path), self._store.transaction():
            if is_first:
                self._store.clear()
            _put(self._store, changes, project_path)

    def close(self, *, keep: bool) -> None:
        """Let go of the file, and remove it unless it is to be kept."""
        store, self._store = self._store, None
        if store is not None:
            store.connection.close()
            if not keep:
                _remove(self.path)

    def _new_store(self) -> Store:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ProjectError(
                f"The folder {self.path.parent} cannot be made, so that work cannot be "
                f"saved as you go: {error.strerror}."
            ) from error
        with naming_store(self.path):
            return new_store(self.path, is_private=False)


def recovery_folder() -> Path:
    """Return the folder of recovery files, which need not exist.

    The environment variable ``NAPARI_SAM2_STATE`` names another place for it.
    """
    chosen = os.environ.get(STATE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute() / "recovery"
    state = platformdirs.user_state_path("napari-sam2", appauthor=False)
    return state / "recovery"


def find_recoverable(folder: Path | None = None) -> list[Recovery]:
    """Return what sessions that crashed had not saved, the latest first.

    Files of sessions that are at work, in this or any other program, are left alone;
    those to which nothing was written are removed.

    Parameters
    ----------
    folder : Path, optional
        The user's own by default.
    """
    folder = recovery_folder() if folder is None else folder
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        # Another program, or its thread that saves, may remove it at any moment.
        with suppress(FileNotFoundError):
            if not _is_abandoned(path):
                continue
            recovery = _recovery(path)
            if recovery is not None:
                found.append(recovery)
            elif time.time() - path.stat().st_mtime > _BEGINNING_SECONDS:
                _remove(path)
    return sorted(found, key=lambda one: one.saved, reverse=True)


def _put(store: Store, changes: Changes, project_path: Path | None) -> None:
    store.describe(changes.project)
    path = None if project_path is None else str(project_path)
    store.put_about([encoding.about_row("recovery", {"project": path})])
    store.set_objects(changes.objects)
    store.set_prompts(changes.prompts)
    by_frame = sorted(changes.masks.items())
    masks = (((i, f), mask) for f, row in by_frame for i, mask in row.items())
    store.set_masks(masks, changes.frames)
    store.set_steps(changes.steps)
    for left in changes.left:
        store.set_run(left)


def _is_abandoned(path: Path) -> bool:
    """Whether nobody holds the file; what a crash left half done is taken back."""
    uri = database_uri(path, "mode=rw")
    try:
        with closing(
            sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)
        ) as file:
            file.execute("BEGIN EXCLUSIVE")
            file.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode not in (
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
        )
    except sqlite3.DatabaseError:
        return True
    return True


def _recovery(path: Path) -> Recovery | None:
    """Return what is in a file; None when nothing was written to it yet."""
    if not path.stat().st_size:
        return None
    try:
        image, saved, recovery = (
            _mapping(path, name) for name in ("image", "saved", "recovery")
        )
    except (ProjectError, sqlite3.Error):
        path.stat()  # it is no broken file if it is none
        return Recovery(path, "", None, "")  # reading it says what is wrong
    if not image:
        return None
    project = recovery.get("project")
    return Recovery(
        path,
        str(image.get("name", "")),
        Path(project) if isinstance(project, str) else None,
        str(saved.get("saved", "")),
    )


def _mapping(path: Path, name: str) -> dict[str, Any]:
    content = read_about(path, name)
    return content if isinstance(content, dict) else {}


def _remove(path: Path) -> None:
    for ending in ("", *_JOURNALS):
        with suppress(OSError):
            path.with_name(path.name + ending).unlink(missing_ok=True)
