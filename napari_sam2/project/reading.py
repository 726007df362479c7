"""From a project file to a :class:`Project`: opened read-only, checked throughout."""

from __future__ import annotations

import os
import sqlite3
import struct
from contextlib import closing, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_sam2.core.errors import ProjectError, Sam2Error
from napari_sam2.project import about, decoding
from napari_sam2.project.checks import load_json
from napari_sam2.project.descent import with_descent
from napari_sam2.project.recipe_rows import check_steps, read_steps
from napari_sam2.project.run_row import read_run
from napari_sam2.project.schema import (
    ABOUT_ONE,
    APPLICATION_ID,
    DESCENT,
    SELECT_RUN,
    SELECTS,
    TABLES,
    VERSION,
    database_uri,
)
from napari_sam2.project.values import Contents, Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from napari_sam2.project.values import StackGeometry

    T = TypeVar("T")

_MAGIC = b"SQLite format 3\0"
_HEADER = struct.Struct(">16sH10xI")
"""The magic words, bytes of a page (1 for 65,536) and number of pages."""
_LARGEST_VALUE = 1 << 28
"""Bytes of one text or mask: 2 billion pixels even where nothing can be compressed."""


def read_project(path: str | Path) -> Project:
    """Read a project.

    Nothing in the file is executed, and nothing of it is believed before it was
    checked. The file is only read.

    Parameters
    ----------
    path : str or Path
        A ``.sam2`` file of this or an older version.

    Raises
    ------
    ProjectError
        If it is missing, damaged, no project, or made by a newer version.
    """
    path = Path(path)
    _check_file(path)
    try:
        with closing(_open(path)) as file:
            return _read(file)
    except ProjectError as error:
        raise ProjectError(f"The project {path} cannot be opened: {error}") from error
    except (sqlite3.Error, sqlite3.Warning, UnicodeError, OverflowError) as error:
        raise ProjectError(
            f"The project {path} cannot be opened, because it is damaged ({error}). If "
            "it was copied, copy it again."
        ) from error


def read_about(path: Path, name: str) -> Any:
    """Return what a project says about one thing, parsed but not checked; or None.

    Raises
    ------
    ProjectError, sqlite3.Error
        If the file is no project, or damaged.
    """
    _check_file(path)
    with closing(_open(path)) as file:
        version = _version(file)
        _check_tables(file, version)
        found = file.execute(ABOUT_ONE, (name,)).fetchone()
    return None if found is None else load_json(found[0], f'the part "{name}"')


def _check_file(path: Path) -> None:
    """Say what is wrong with a file that is no database at all."""
    start, size = _header(path)
    if not start.startswith(_MAGIC) or len(start) < _HEADER.size:
        raise ProjectError(
            f"{path} is no project of napari-sam2, or was damaged: projects are files "
            'saved by "Save project", with names that end in .sam2.'
        )
    _, page_size, pages = _HEADER.unpack(start)
    if size != pages * (page_size if page_size > 1 else 1 << 16):
        raise ProjectError(
            f"The project {path} cannot be opened: it is not complete. If it was "
            "copied, copy it again."
        )


def _header(path: Path) -> tuple[bytes, int]:
    """Return how a file begins, and how many bytes it has."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ProjectError(
                f"The project {path} cannot be opened: it is no file, but a folder, a "
                "pipe or a device."
            )
        with path.open("rb") as file:
            return file.read(_HEADER.size), file.seek(0, os.SEEK_END)
    except OSError as error:
        raise ProjectError(
            f"The project {path} cannot be opened: {error.strerror or error}."
        ) from error
    except ValueError as error:
        raise ProjectError(
            f"The project {path!r} cannot be opened: {error}."
        ) from error


def _open(path: Path) -> sqlite3.Connection:
    # Projects are replaced, never changed, so locks and journals have no meaning: a
    # project on a drive without locks, or one that cannot be written, opens as well.
    uri = database_uri(path, "mode=ro&immutable=1")
    file = sqlite3.connect(uri, uri=True, isolation_level=None)
    try:
        file.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
        file.execute("PRAGMA trusted_schema = OFF")
        file.execute("PRAGMA cell_size_check = ON")
        file.execute("PRAGMA query_only = ON")
    except BaseException:
        file.close()
        raise
    return file


def _read(file: sqlite3.Connection) -> Project:
    version = _version(file)
    _check_tables(file, version)
    (verdict,) = file.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise ProjectError("it is damaged. If it was copied, copy it again.")
    return _project(_Rows(file, version))


def _version(file: sqlite3.Connection) -> int:
    (application,) = file.execute("PRAGMA application_id").fetchone()
    (version,) = file.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID or version < 1:
        raise ProjectError("it is a database of another program.")
    if version > VERSION:
        raise ProjectError(
            f"it was made with a newer napari-sam2 (its format is {version}, and this "
            f"program knows 1 to {VERSION}): update napari-sam2."
        )
    return int(version)


def _check_tables(file: sqlite3.Connection, version: int) -> None:
    """Refuse a file with anything but our tables, word for word."""
    found = file.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    wanted = {("table", name, sql) for name, sql in TABLES[version].items()}
    if set(found) != wanted or len(found) != len(wanted):
        raise ProjectError("its tables are not those of a project.")


class _Rows:
    """The rows of a file's tables, with the columns of the newest version."""

    def __init__(self, file: sqlite3.Connection, version: int) -> None:
        self._file = file
        self._selects = SELECTS[version]

    def of(self, table: str) -> sqlite3.Cursor:
        """Iterate over the rows of a table."""
        return self._file.execute(self._selects[table])

    def about(self) -> dict[str, Any]:
        """Return the JSON of everything else, parsed."""
        rows = dict(self.of("about").fetchall())
        return {n: load_json(text, f'the part "{n}"') for n, text in rows.items()}

    def run(self) -> Iterator[tuple[Any, Any]]:
        """Yield what there is about a run that was stopped, up to what is damaged."""
        with suppress(sqlite3.Error):
            yield from self._file.execute(SELECT_RUN)


def _project(rows: _Rows) -> Project:
    parts = rows.about()

    def part(name: str, read: Callable[[Any], T]) -> T:
        if name not in parts:
            raise ProjectError(f'the part "{name}" is missing.')
        return read(parts[name])

    stack = part("stack", about.read_stack)
    contents = _contents(rows, stack, parts.get(DESCENT, []))
    return Project(
        image=part("image", about.read_image),
        stack=stack,
        choices=part("choices", about.read_choices),
        model=part("model", about.read_model),
        contents=contents,
        saved=part("saved", about.read_saved),
        # older files have neither
        view=about.read_view(parts.get("view", {})),
        beside=about.read_beside(parts.get("beside", [])),
    )


def _contents(rows: _Rows, stack: StackGeometry, descent: Any) -> Contents:
    """Return what was said and found; steps first, as masks name them."""
    steps = read_steps(rows.of("steps"), rows.of("step_masks"), stack.shape_hw)
    contents = Contents(
        with_descent(decoding.read_objects(rows.of("objects")), descent),
        decoding.read_prompts(rows.of("prompts")),
        decoding.read_masks(rows.of("masks"), stack.shape_hw, len(steps)),
        steps,
    )
    check_contents(contents, stack)
    left = read_run(rows.run(), contents.objects, stack.frame_count)
    return replace(contents, left=left)


def check_contents(contents: Contents, stack: StackGeometry) -> None:
    """Check that everything is about objects and frames that exist.

    Raises
    ------
    ProjectError
        If it is not.
    """
    for object_id, frame in chain(contents.prompts, contents.masks):
        if object_id not in contents.objects:
            raise ProjectError(f"object {object_id} is missing.")
        if frame >= stack.frame_count:
            raise ProjectError(
                f"object {object_id} has something on frame {frame}, but there are "
                f"{stack.frame_count} frames."
            )
    is_volume = not stack.layout.positions
    check_steps(contents.steps, stack.frame_count, is_volume=is_volume)
    for (object_id, frame), prompts in contents.prompts.items():
        what = f"object {object_id} on frame {frame}"
        try:
            prompts.check(stack.shape_hw, what=what, refines=True)
        except Sam2Error as error:
            raise ProjectError(str(error)) from error
