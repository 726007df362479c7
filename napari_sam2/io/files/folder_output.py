"""Writing folders so that a failure never costs what was there before."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.leftovers import PART, remove_leftovers, temporary_prefix
from napari_sam2.io.files.output import (
    check_folder_of,
    exists,
    looking_for,
    naming_output,
    target_of,
)
from napari_sam2.io.files.permissions import new_file_mode, set_mode
from napari_sam2.io.files.replacing import aside_of, put_in_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# How long a folder must stay away to count as removed, and how often it is tried.
_LATE_WRITES_S = 0.05
_ATTEMPTS = 20


def check_named(path: Path) -> None:
    """Check that a folder is called by its name, as it will be made beside others.

    Raises
    ------
    OutputError
        If it is the current folder, the one above, or the root.
    """
    if path.name in ("", ".."):
        raise OutputError(
            f"{path} is no name for a new folder: give one, such as {path / 'results'}."
        )


def check_folder(
    path: Path, is_ours: Callable[[Path], bool], *, overwrite: bool
) -> None:
    """Check, before long work, that a folder can be written.

    Parameters
    ----------
    path : Path
        The folder; an empty one may be there.
    is_ours : callable
        Says of each thing in a folder whether this format could have written it. A
        folder that holds anything else is never replaced.
    overwrite : bool
        Whether a folder that is there may be replaced.

    Raises
    ------
    OutputError
        If it must not be replaced, has no name of its own, or the folder that it lies
        in is missing.
    """
    check_named(path)
    target = target_of(path)
    remove_leftovers(target.parent.absolute())  # one of them may belong here
    with looking_for(path):
        if path.exists() and not path.is_dir():
            raise OutputError(f"{path} is a file: give the name of a folder.")
        inside = list(path.iterdir()) if path.is_dir() else []
    if inside and not overwrite:
        raise exists(path)
    foreign = next((one for one in inside if not is_ours(one)), None)
    if foreign is not None:
        raise OutputError(
            f"{path} holds {foreign.name}, which is no output of this kind, and is not "
            "replaced: choose another name."
        )
    check_folder_of(target)


@contextmanager
def atomic_folder(
    path: Path, is_ours: Callable[[Path], bool], *, overwrite: bool
) -> Iterator[Path]:
    """Give a temporary folder beside ``path`` that becomes ``path`` on success.

    Parameters
    ----------
    path, is_ours, overwrite
        As for :func:`check_folder`. Where the folder is a link, it stays one, and what
        it leads to is written.

    Yields
    ------
    Path
        An empty folder to write to. It is removed when the body raises.

    Raises
    ------
    OutputError
        As :func:`check_folder`, and when the disk is full or another error of the
        operating system stops the writing.
    """
    check_folder(path, is_ours, overwrite=overwrite)
    target = target_of(path)
    temporary = _temporary_beside(target)
    try:
        with naming_output(path):
            yield temporary
            check_folder(path, is_ours, overwrite=overwrite)
            put_in_place(temporary, target)
    except BaseException:
        if not aside_of(temporary).exists():  # else nothing is in its place
            _remove(temporary)
        raise


def _remove(folder: Path) -> None:
    """Remove a folder that threads of a library may still be writing to.

    Zarr writes several files at once, and raises for the first that fails; the others
    make the folder again where it has gone.
    """
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(_LATE_WRITES_S)
        if not folder.exists():
            return


def _temporary_beside(path: Path) -> Path:
    try:
        name = tempfile.mkdtemp(
            prefix=temporary_prefix(path.name), suffix=PART, dir=path.parent
        )
    except OSError as error:
        raise OutputError(
            f"Nothing can be written to the folder {path.parent}: {error.strerror}."
        ) from error
    temporary = Path(name)
    mode = new_file_mode()
    if mode is not None:
        set_mode(temporary, mode | (mode & 0o444) >> 2)  # what is read can be entered
    return temporary
