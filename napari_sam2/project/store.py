"""An open project file that is being written: tables, and rows that are replaced."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_sam2.core.errors import ProjectError
from napari_sam2.project import encoding
from napari_sam2.project.disk_room import has_room
from napari_sam2.project.run_row import run_rows
from napari_sam2.project.schema import (
    APPLICATION_ID,
    DESCENT,
    OF_RUN,
    TABLES,
    VERSION,
    database_uri,
    version_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.core.recipe import RecipeStep
    from napari_sam2.core.unfinished_run import UnfinishedRun
    from napari_sam2.project.values import Project
    from napari_sam2.state.edit import TrackedObject
    from napari_sam2.state.masks import FrameMask, Place

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}


class Store:
    """The tables of a project file; made by :func:`new_store`.

    Everything is done in the transaction that the caller begins.
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        self.connection = connection
        self._folder = folder

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything in the block, or nothing of it."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def clear(self) -> None:
        """Remove all rows."""
        for table in TABLES[VERSION]:
            self.connection.execute(f"DELETE FROM {table}")

    def describe(self, project: Project) -> None:
        """Set the version, and all rows of ``about`` but what recovery needs."""
        self.connection.execute(f"PRAGMA user_version = {version_of(project)}")
        self.put_about(encoding.about_rows(project))

    def put_about(self, rows: Iterable[encoding.Row]) -> None:
        """Set rows of ``about``; see :mod:`napari_sam2.project.encoding`."""
        self._put("about", 2, rows)

    def set_run(self, left: UnfinishedRun | None) -> None:
        """Replace the run that was stopped; None removes it.

        It is left out where it might fill the disk: the rest is worth more.
        """
        self.connection.execute(f"DELETE FROM about WHERE {OF_RUN}")
        if left is not None and has_room(self._folder, len(left.state)):
            self.put_about(run_rows(left))

    def set_objects(self, objects: Mapping[int, TrackedObject]) -> None:
        """Replace all objects."""
        self.connection.execute("DELETE FROM objects")
        self._put("objects", 2, encoding.object_rows(objects))
        self.connection.execute("DELETE FROM about WHERE name = ?", (DESCENT,))
        self.put_about(encoding.descent_rows(objects))

    def set_prompts(self, prompts: Mapping[Place, FramePrompts | None]) -> None:
        """Replace the points and boxes of these places; None removes them."""
        self.connection.executemany(
            "DELETE FROM prompts WHERE frame = ? AND object_id = ?",
            ((frame, object_id) for object_id, frame in prompts),
        )
        given = ((place, said) for place, said in prompts.items() if said)
        self._put("prompts", 3, (encoding.prompt_row(*one) for one in given))

    def set_masks(
        self, masks: Iterable[tuple[Place, FrameMask]], frames: Iterable[int] = ()
    ) -> None:
        """Add masks, after removing all that these frames had."""
        self.connection.executemany(
            "DELETE FROM masks WHERE frame = ?", ((frame,) for frame in frames)
        )
        rows = (row for one in masks for row in encoding.mask_rows(*one))
        self._put("masks", 16, rows)

    def set_steps(self, steps: Iterable[tuple[int, RecipeStep]]) -> None:
        """Add steps by their numbers, in place of those with the same ones."""
        steps = list(steps)
        self.connection.executemany(
            "DELETE FROM step_masks WHERE number = ?", ((n,) for n, _ in steps)
        )
        self._put("steps", 2, (encoding.step_row(*one) for one in steps))
        rows = (row for one in steps for row in encoding.step_mask_rows(*one))
        self._put("step_masks", 8, rows)

    def _put(self, table: str, columns: int, rows: Iterable[encoding.Row]) -> None:
        marks = ", ".join("?" * columns)
        self.connection.executemany(
            f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows
        )


def new_store(path: Path, *, is_private: bool) -> Store:
    """Make the tables in an empty file.

    Parameters
    ----------
    path : Path
        Of an empty file, or of none.
    is_private : bool
        Whether nobody else can know the file yet: then it is not locked, as some
        network drives know no locks, and kept without a journal, as it is thrown away
        when anything fails.
    """
    uri = database_uri(path, "mode=rwc&nolock=1" if is_private else "mode=rwc")
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        if is_private:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")  # the caller does it, once
        else:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        for statement in TABLES[VERSION].values():
            connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return Store(connection, path.parent)


@contextmanager
def naming_store(path: Path) -> Iterator[None]:
    """Turn errors of writing to a database into sentences about ``path``."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in _FULL:
            reason = "the disk is full. Free some space or choose another disk"
        else:
            reason = str(error)
        raise ProjectError(f"{path} could not be saved: {reason}.") from error
    except ProjectError as error:
        raise ProjectError(f"{path} could not be saved: {error}") from error
    except (ValueError, OverflowError) as error:
        raise ProjectError(f"{path} could not be saved: {error}.") from error
