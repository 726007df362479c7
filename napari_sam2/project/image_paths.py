"""Where a project's images are: by the way from the project's folder, or as noted."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_sam2.project.values import ImageReference, Project


def related_to(
    image: ImageReference, project_path: str | Path, now_at: Path | None = None
) -> ImageReference:
    """Note the way from a project's folder to its image, so that both can be moved.

    Parameters
    ----------
    image : ImageReference
    project_path : str or Path
    now_at : Path, optional
        Where the image is, if it was moved since it was noted.
    """
    if image.path is None:
        return image
    folder = Path(project_path).absolute().parent
    try:
        relative = Path(os.path.relpath(now_at or image.path, folder)).as_posix()
    except ValueError:  # on another drive
        return replace(image, relative_path=None)
    return replace(image, relative_path=relative)


def paths_of(image: ImageReference, project_path: str | Path) -> tuple[Path, ...]:
    """Return where an image is: none, one, or two of which the first is meant."""
    beside = path_beside(image, Path(project_path))
    stored = None if image.path is None else Path(image.path)
    return tuple(one for one in (beside, stored) if one is not None and exists(one))


def locate_companion(image: ImageReference, project_path: str | Path) -> Path | None:
    """Find an image that is seen beside a project's own; None where it is lost."""
    return next(iter(paths_of(image, project_path)), None)


def image_paths(project: Project, project_path: str | Path) -> tuple[Path, ...]:
    """Return every file or folder that may be an image of a project: none is lost.

    Parameters
    ----------
    project : Project
    project_path : str or Path
    """
    images = (project.image, *project.beside)
    return tuple(path for one in images for path in paths_of(one, project_path))


def path_beside(image: ImageReference, project_path: Path) -> Path | None:
    """Follow the way from a project's folder to an image; None where there is none."""
    if image.relative_path is None:
        return None
    return Path(os.path.normpath(project_path.absolute().parent / image.relative_path))


def exists(path: Path) -> bool:
    """Whether a file or folder is there; not where the system refuses to look.

    It does for names that are too long, in closed folders, and on drives that are gone.
    """
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
