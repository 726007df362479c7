"""napari with the dock open: what ``napari-sam2 gui`` shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
from napari.utils.notifications import show_warning

from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from napari_sam2.project.schema import SUFFIX
from napari_sam2.widgets.dock import Sam2Dock

if TYPE_CHECKING:
    from collections.abc import Sequence


def open_window(paths: Sequence[str]) -> None:
    """Show files and projects in a window of napari, until the user closes it.

    Raises
    ------
    StackError
        If a file cannot be opened; no window is shown then.
    """
    projects = [path for path in paths if path.lower().endswith(SUFFIX)]
    stacks = [open_stack(path) for path in paths if path not in projects]
    viewer = napari.Viewer(title="napari-sam2")
    for stack in stacks:
        array, described, _ = image_layer(stack)
        viewer.add_image(array, **described)
        for notice in stack.notices:
            show_warning(notice)
    dock = _open_dock(viewer)
    for path in projects:
        dock.projects.open(Path(path))
    napari.run()


def _open_dock(viewer: Any) -> Sam2Dock:
    """Open the dock as napari's menu does, which shows and hides what it knows."""
    try:
        _, dock = viewer.window.add_plugin_dock_widget("napari-sam2", "SAM 2")
    except KeyError:  # switched off among napari's plugins: no menu opens it
        dock = Sam2Dock(viewer)
        viewer.window.add_dock_widget(dock, name="SAM 2", area="right")
    return dock
