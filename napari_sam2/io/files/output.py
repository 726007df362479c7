"""Writing files so that a failure never costs what was there before.

Everything is written beside the target under a temporary name and moved into place when
it is complete.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.free_path import free_path
from napari_sam2.io.files.leftovers import PART, remove_leftovers, temporary_prefix
from napari_sam2.io.files.permissions import keep_mode, new_file_mode, set_mode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Python ignores the signal that goes with EFBIG, a quota on the size of files.
_NO_FOLDER = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}

_KEEPS_OPEN_FILES = os.name == "nt"
"""Whether the system refuses to replace a file that a program has open."""
_LONG_ENDING = 20  # is part of the name, and no format is told by it


class Gathered(Protocol):
    """Takes results in any order and writes them, in order, when all are there."""

    def save(self, path: Path) -> None:
        """Write everything to a file."""
        ...

    def close(self) -> None:
        """Throw away what was kept."""
        ...


GatheredT = TypeVar("GatheredT", bound=Gathered)


def check_output(path: Path, *, overwrite: bool) -> None:
    """Check, before long work, that a file can be written.

    Raises
    ------
    OutputError
        If it exists and must not be overwritten, or its folder is missing or cannot be
        written to.
    """
    with looking_for(path):
        if path.is_dir():
            raise OutputError(f"{path} is a folder: give the name of a file in it.")
        if path.exists() and not overwrite:
            raise exists(path)
    target = target_of(path)
    check_folder_of(target)
    _temporary_beside(target).unlink()
    if _KEEPS_OPEN_FILES:
        _check_closed(target)


def _check_closed(path: Path) -> None:
    """Check that no other program keeps a file from being replaced."""
    try:
        with suppress(FileNotFoundError):
            path.open("r+b").close()
    except PermissionError as error:
        raise OutputError(
            f"{path} cannot be replaced: it is open in another program, or may only be "
            "read. Close it there, or choose another name."
        ) from error


def exists(path: Path) -> OutputError:
    """Say that something is there, and may not be replaced."""
    sentence = (
        f"{path} exists: add overwrite=True to replace it, or choose another name."
    )
    return OutputError(sentence, example={"overwrite": True})


def check_folder_of(path: Path) -> None:
    """Check that the folder is there in which something will lie.

    Raises
    ------
    OutputError
        If it is missing, or a file.
    """
    with looking_for(path):
        if path.parent.is_dir():
            return
        for above in path.parents:
            if above.is_file():
                raise OutputError(
                    f"{above} is a file, not a folder: give a name beside it for "
                    f"{path}."
                )
    raise OutputError(f"The folder {path.parent} does not exist: create it first.")


@contextmanager
def atomic_output(
    path: str | Path, *, overwrite: bool = False, keeps: bool = False
) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that becomes ``path`` on success.

    Parameters
    ----------
    path : str or Path
        The file to write. Where it is a link, what that leads to is written.
    overwrite : bool, optional
        Whether a file that is there may be replaced; its permissions stay.
    keeps : bool, optional
        Whether what is complete and cannot take its place stays beside it under another
        name: for what takes long to make, and not for what is soon written again.

    Yields
    ------
    Path
        An empty file to write to. It is removed when the body raises.

    Raises
    ------
    OutputError
        As :func:`check_output`, and when the disk is full or another error of the
        operating system stops the writing.
    """
    path = Path(path)
    target = target_of(path)
    remove_leftovers(target.parent.absolute())
    check_output(path, overwrite=overwrite)
    temporary = _temporary_beside(target.with_name(path.name))
    try:
        with naming_output(path):
            yield temporary
            if path.exists() and not overwrite:
                raise OutputError(f"{path} was made by another program meanwhile.")
            keep_mode(target, temporary)
            _put_in_place(temporary, target, keeps=keeps)
    finally:
        temporary.unlink(missing_ok=True)


def _put_in_place(temporary: Path, target: Path, *, keeps: bool) -> None:
    """Move what is complete to its place, or beside what cannot be replaced."""
    try:
        temporary.replace(target)
    except PermissionError as error:
        if not keeps:
            raise
        kept = free_path(target)
        temporary.replace(kept)
        raise OutputError(
            f"{target} could not be replaced: it is open in another program, or may "
            f"only be read. What was written is complete and lies beside it as "
            f"{kept.name}."
        ) from error


def target_of(path: Path) -> Path:
    """Return what a link leads to: it is to stay one, and the file where it is."""
    with looking_for(path):
        return Path(os.path.realpath(path)) if path.is_symlink() else path


@contextmanager
def saved_at_end(
    path: Path, make: Callable[[], GatheredT], *, overwrite: bool
) -> Iterator[GatheredT]:
    """Keep results in a writer, and save them when the body ends without error.

    Parameters
    ----------
    path : Path
        The file that appears, complete, at the end.
    make : callable
        Makes the writer, once it is known that the file can be written.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    OutputError
        Before the body as :func:`check_output`, after it as :func:`atomic_output`.
    """
    check_output(path, overwrite=overwrite)
    writer = make()
    try:
        yield writer
        with atomic_output(path, overwrite=overwrite, keeps=True) as temporary:
            writer.save(temporary)
    finally:
        writer.close()


class _Over(Exception):
    """Nothing stood against outputs."""


@contextmanager
def rehearsal() -> Iterator[ExitStack]:
    """Give a stack to open outputs on, none of which is put in place.

    So everything that stands against them is found before long work.
    """
    with suppress(_Over), ExitStack() as opened:
        yield opened
        raise _Over


def names_in(folder: Path) -> list[Path]:
    """Return what lies in a folder; nothing where there is none, or can be none.

    Raises
    ------
    OutputError
        If it cannot be looked at.
    """
    with looking_for(folder):
        try:
            return sorted(folder.iterdir())
        except OSError as error:
            if error.errno in _NO_FOLDER:
                return []
            raise


@contextmanager
def looking_for(path: Path) -> Iterator[None]:
    """Turn what the system has against a name, such as its length, into a sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{path} cannot be written: {reason}.") from error


@contextmanager
def naming_output(path: Path) -> Iterator[None]:
    """Turn errors of the operating system into sentences about ``path``."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            reason = "the disk is full. Free some space or write to another disk"
        else:
            reason = error.strerror or str(error)
        raise OutputError(f"{path} could not be written: {reason}.") from error


def _temporary_beside(path: Path) -> Path:
    """Make an empty file in the same folder, with the permissions of any new file."""
    try:
        handle, name = tempfile.mkstemp(
            prefix=temporary_prefix(path.stem),
            suffix=PART + (path.suffix if len(path.suffix) < _LONG_ENDING else ""),
            dir=path.parent,
        )
    except OSError as error:
        raise OutputError(
            f"Nothing can be written to the folder {path.parent}: {error.strerror}."
        ) from error
    os.close(handle)
    temporary = Path(name)
    mode = new_file_mode()
    if mode is not None:
        set_mode(temporary, mode)
    return temporary
