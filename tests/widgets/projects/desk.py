"""Short verbs for what is done with projects at the window."""

from __future__ import annotations

from pathlib import Path

from napari.components import ViewerModel

from tests.widgets.user import User

SHAPE = (10, 40, 60)


def save(user: User, path: Path) -> Path:
    user.dock.projects.save_as(path)
    user.wait(lambda: title(user) == f"Project: {path.name}")
    return path


def reopen(user: User) -> None:
    """Close the dock and the viewer, and begin anew."""
    user.dock.shut_down()
    user.viewer = ViewerModel()
    user.open_dock()


def title(user: User) -> str:
    return user.dock._project_section.header.text().replace("&", "")


def masks_of(user: User) -> dict:
    return {
        place: one.mask.crop.tobytes() for place, one in user.document.masks.items()
    }
