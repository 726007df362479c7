"""napari with the dock open: what ``napari-sam2 gui`` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import napari

from napari_sam2.core.axes import axis_names
from napari_sam2.io.stack import open_stack
from napari_sam2.widgets.dock import Sam2Dock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.io.stack import Stack


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
        viewer.add_image(stack.array, name=stack.name, **_geometry(stack))
    viewer.window.add_dock_widget(Sam2Dock(viewer), name="SAM 2", area="right")
    napari.run()


def _geometry(stack: Stack) -> dict[str, Any]:
    """Return axis labels, pixel sizes and units, without a colour axis."""
    axes = [axis for axis in stack.axes if not (stack.is_rgb and axis.name in "sc")]
    return {
        "axis_labels": tuple(axis_names(tuple(axes))),
        "scale": [axis.scale for axis in axes],
        "units": [axis.unit or "pixel" for axis in axes],
        "rgb": stack.is_rgb,
    }
