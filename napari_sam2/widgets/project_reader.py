"""Projects that are dropped onto napari's window, or opened from its menu."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
from napari.utils.notifications import show_error

from napari_sam2.layers.hooks import NO_LAYERS
from napari_sam2.widgets.dock import Sam2Dock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def get_project_reader(path: str | Sequence[str]) -> Callable[[str], list[Any]] | None:
    """Return what opens a project; napari decides by its ending whether to ask."""
    return read_project_into_dock if isinstance(path, str) else None


def read_project_into_dock(path: str) -> list[Any]:
    """Open a project in the dock, which is opened where it is not.

    The image and its masks come when they are read, so there are no layers yet.
    """
    viewer = napari.current_viewer()
    if viewer is None:
        show_error(
            f"{path} is a project, which needs a window of napari: open napari, and "
            "drop it there."
        )
        return NO_LAYERS
    docks = Sam2Dock.all_in(viewer)
    if not docks:
        _, dock = viewer.window.add_plugin_dock_widget("napari-sam2", "SAM 2")
        docks = [dock]
    docks[0].projects.open(Path(path))
    return NO_LAYERS
