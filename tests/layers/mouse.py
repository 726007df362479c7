"""Real presses, moves and releases, through the callbacks that napari itself runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.components import ViewerModel


class Mouse:
    """What napari's bindings read of a mouse event."""

    def __init__(
        self, viewer: ViewerModel, button: int, modifiers: tuple[str, ...]
    ) -> None:
        self.button = button
        self.modifiers = list(modifiers)
        self.dims_displayed = list(viewer.dims.displayed)
        self.view_direction = None
        self.up_direction = None
        self.handled = False
        self.is_dragging = False
        self.type = "mouse_press"
        self.position: tuple[float, ...] = ()
        self.pos = np.zeros(2)

    def at(self, kind: str, position: Sequence[float]) -> Mouse:
        self.type = kind
        self.position = tuple(map(float, position))
        self.pos = np.array(self.position[-2:]) * 10
        return self


def drag(
    viewer: ViewerModel,
    layer: Any,
    positions: Iterable[Sequence[float]],
    *,
    button: int = 1,
    modifiers: tuple[str, ...] = (),
) -> None:
    """Press at the first world position, move through all, release at the last."""
    first, *rest = list(positions)
    mouse = Mouse(viewer, button, modifiers)
    mouse_press_callbacks(layer, mouse.at("mouse_press", first))
    mouse.is_dragging = True
    for position in rest:
        mouse_move_callbacks(layer, mouse.at("mouse_move", position))
    mouse_release_callbacks(layer, mouse.at("mouse_release", (rest or [first])[-1]))


def click(
    viewer: ViewerModel, layer: Any, position: Sequence[float], **how: Any
) -> None:
    """Press and release at a world position."""
    drag(viewer, layer, [position], **how)
