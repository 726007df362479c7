"""Which files of a folder are pictures, and in which order they come."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath

from napari_sam2.core.errors import StackError

TIFF_SUFFIXES = frozenset({".tif", ".tiff"})
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp"}) | TIFF_SUFFIXES


def picture_files(path: Path) -> list[Path]:
    """List the pictures of a folder in natural order; hidden files do not count.

    Raises
    ------
    StackError
        If one is a pipe or a device, which would be waited for.
    """
    with os.scandir(path) as entries:  # which says what each is without a look at it
        found = [path / one.name for one in entries if _is_picture(one)]
    return sorted(found, key=lambda file: (natural_key(file.name), file.name))


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a sort key that orders numbers in a name by their value."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(p)) if p.isdecimal() else (1, p) for p in parts if p)


def _is_picture(entry: os.DirEntry[str]) -> bool:
    suffix = PurePath(entry.name).suffix.lower()
    if suffix not in PICTURE_SUFFIXES or entry.name.startswith("."):
        return False
    if not (entry.is_file() or entry.is_dir()) and Path(entry).exists():
        raise StackError(
            f"{entry.path} is no picture, but a pipe or a device: move it to another "
            "folder, or save what comes from it to a file."
        )
    return True
