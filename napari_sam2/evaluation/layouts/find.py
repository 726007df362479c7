"""Which stacks a folder holds, in whichever layout."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from napari_sam2.core.errors import StackError
from napari_sam2.evaluation.layouts.challenge import find_challenge
from napari_sam2.evaluation.layouts.davis import find_davis
from napari_sam2.evaluation.layouts.plain import find_plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_sam2.evaluation.layouts.source import Source

_LAYOUTS = (find_plain, find_davis, find_challenge)


def find_stacks(folder: Path, names: Sequence[str] = ()) -> list[Source]:
    """Return the stacks of a folder, by name.

    Parameters
    ----------
    folder : Path
    names : sequence of str, optional
        Only stacks with one of these names, in which ``*`` and ``?`` stand for others.

    Raises
    ------
    StackError
        If there is no such folder, or no such stack in it.
    """
    if folder.is_file():
        raise StackError(f"{folder} is a file: give the folder that the stacks are in.")
    if not folder.is_dir():
        raise StackError(f"There is no folder {folder}.")
    found = [source for find in _LAYOUTS for source in find(folder)]
    if not found:
        raise StackError(_nothing(folder))
    unknown = [n for n in names if not any(_is_called(s, n) for s in found)]
    if unknown:
        listed = ", ".join(source.name for source in found)
        raise StackError(f"{folder} has no stack {unknown[0]}. It has {listed}.")
    if not names:
        return found
    return [s for s in found if any(_is_called(s, n) for n in names)]


def _is_called(source: Source, name: str) -> bool:
    return fnmatchcase(source.name, name.replace("[", "[[]"))


def _nothing(folder: Path) -> str:
    return (
        f"{folder} holds no stacks to measure on. Give a folder whose subfolders hold "
        "image.tif and labels.tif, one laid out as DAVIS (JPEGImages/480p and "
        "Annotations/480p), or one of the Cell Tracking Challenge (01, 01_GT)."
    )
