"""What to open in place of a folder that is no stack: the stacks in its folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.io.reading.dicom import is_dicom
from napari_sam2.io.reading.picture_files import natural_key, picture_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MOST_LISTED = 20
# DAVIS: JPEGImages/480p/bear; scanners: DICOM/patient/study/series
_MOST_LEVELS = 4
# A large tree is not searched to its end.
_MOST_SEARCHED = 1000


def what_to_open(path: Path) -> str:
    """Say which of the folders inside hold stacks, or else what is needed."""
    level = _folders(path)
    for _ in range(_MOST_LEVELS):
        pictures = [folder for folder in level if picture_files(folder)]
        scans = [one for one in level if one not in pictures and is_dicom(one)]
        if pictures or scans:
            return _listed(path, pictures, scans)
        level = [one for folder in level for one in _folders(folder)][:_MOST_SEARCHED]
    return (
        f"The folder {path} holds no pictures: PNG, JPEG, BMP or TIFF files, one per "
        "frame, are needed."
    )


def _listed(path: Path, pictures: Sequence[Path], scans: Sequence[Path]) -> str:
    kinds = ["pictures"] * bool(pictures) + ["DICOM slices"] * bool(scans)
    inside = [*pictures, *scans]
    shown = ", ".join(str(folder) for folder in inside[:_MOST_LISTED])
    more = len(inside) - _MOST_LISTED
    end = f" and {more} more" if more > 0 else ""
    return (
        f"The folder {path} holds no {' or '.join(kinds)} itself, but folders of "
        f"{' and of '.join(kinds)}. Open one of them: {shown}{end}."
    )


def _folders(path: Path) -> list[Path]:
    found = [one for one in path.iterdir() if one.is_dir()]
    return sorted(found, key=lambda folder: natural_key(folder.name))
