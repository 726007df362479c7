"""napari with the dock open: what ``napari-sam2 gui`` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari
from napari.utils.notifications import show_warning

from napari_sam2.io.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from napari_sam2.widgets.dock import Sam2Dock

if TYPE_CHECKING:
    from collections.abc import Sequence


def open_window(paths: Sequence[str]) -> None:
    """Show files in a window of napari, until the user closes it.

    Raises
    ------
    StackError
        If a file cannot be opened; no window is shown then.
    """
    stacks = [open_stack(path) for path in paths]
    viewer = napari.Viewer(title="napari-sam2")
    for stack in stacks:
        array, described, _ = image_layer(stack)
        viewer.add_image(array, **described)
        for notice in stack.notices:
            show_warning(notice)
    viewer.window.add_dock_widget(Sam2Dock(viewer), name="SAM 2", area="right")
    napari.run()
