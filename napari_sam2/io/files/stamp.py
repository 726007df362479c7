"""Whether a file or folder is as it was, as far as sizes and dates tell."""

from __future__ import annotations

import hashlib
import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Stamp: TypeAlias = list[int | str]
"""Size and date of a file, or a checksum of those of all files in a folder."""


def stamp_of(path: Path, most_files: int | None = None) -> Stamp | None:
    """Return what changes when a file, or anything in a folder, is written again.

    Copies have stamps of their own, and so has what was merely touched: another stamp
    does not say that anything is different.

    Parameters
    ----------
    path : Path
    most_files : int, optional
        Most files of a folder that are asked for their dates.

    Returns
    -------
    list or None
        For JSON. None where nothing is there, or too much.
    """
    try:
        status = path.stat()
        if not path.is_dir():
            return [status.st_size, status.st_mtime_ns]
        found = (Path(at, name) for at, _, names in os.walk(path) for name in names)
        paths = list(islice(found, None if most_files is None else most_files + 1))
        if most_files is not None and len(paths) > most_files:
            return None
        digest = hashlib.sha256()
        for name, size, mtime_ns in sorted(_described(one, path) for one in paths):
            digest.update(f"{name}\0{size}\0{mtime_ns}\0".encode("utf-8", "replace"))
        return [digest.hexdigest()]
    except OSError:
        return None


def stamps_of(
    paths: Iterable[Path], most_files: int | None = None
) -> dict[str, Stamp | None]:
    """Return the stamps of files and folders, by their absolute names."""
    return {str(path.absolute()): stamp_of(path, most_files) for path in paths}


def _described(path: Path, folder: Path) -> tuple[str, int, int]:
    """Return name, size and date of a file in a folder."""
    status = path.stat()
    return path.relative_to(folder).as_posix(), status.st_size, status.st_mtime_ns
