"""What the mouse says besides where it is: which button, in which view, which tool."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.core.errors import OutsideError, Sam2Error

if TYPE_CHECKING:
    import numpy.typing as npt

DEPTHLESS = (
    "A click in 3-D has no depth: go back to the 2-D view (Ctrl-Y), and click on the "
    "frame that you mean."
)
TOO_NARROW = (
    "This box would be only a few pixels of the screen wide, and was not taken: drag "
    "from one corner of the object to the opposite one, or zoom in first."
)
_STILL = 5
"""How many pixels of the screen a hand may move in a click, or while it rests."""
_BESIDE = "That is outside the image: click, or draw, within the picture."
_OTHER_SHAPES = {
    "add_ellipse": "Ellipses",
    "add_line": "Lines",
    "add_path": "Paths",
    "add_polyline": "Lines",
    "add_polygon": "Polygons",
    "add_polygon_lasso": "Outlines",
}
_VERTEX_TOOLS = {"vertex_insert", "vertex_remove"}


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """How far the mouse has come since it began to draw a box, on the screen.

    Attributes
    ----------
    at : tuple of float
        Where it began, in data coordinates.
    start, now : ndarray
        The same on the screen, and where the mouse is now, (2,).
    reach : float
        How far it was away from where it began, at most.
    """

    at: tuple[float, ...]
    start: npt.NDArray[np.floating]
    now: npt.NDArray[np.floating]
    reach: float = 0.0

    @classmethod
    def begin(cls, event: Any, at: tuple[float, ...]) -> Drawn:
        """Return a drag that has just begun with an event of napari's."""
        place = np.array(event.pos, float)
        return cls(at, place, place)

    def go_on(self, event: Any) -> Drawn:
        """Return the drag as it is with the next event."""
        now = np.array(event.pos, float)
        away = float(np.abs(now - self.start).max())
        return replace(self, now=now, reach=max(self.reach, away))

    @property
    def is_click(self) -> bool:
        """Whether it is no drag: a hand is never quite still."""
        return self.reach < _STILL

    @property
    def is_narrow(self) -> bool:
        """Whether what was drawn is hardly to be seen, or a click."""
        return bool(np.abs(self.now - self.start).min() < _STILL)


@dataclass(frozen=True, slots=True)
class Press:
    """A press of the mouse, or none, as when a script adds points.

    Attributes
    ----------
    is_negative : bool
        Whether it says where the object is not.
    is_in_3d : bool
        Whether it was in a view of volumes, where a place on the screen is a line.
    drawn : Drawn or None
        What has been drawn with it, where it draws a box.
    """

    is_negative: bool = False
    is_in_3d: bool = False
    drawn: Drawn | None = None

    @classmethod
    def of(cls, layer: Any, event: Any) -> Press:
        """Return what a mouse event of napari says in a layer."""
        is_negative = event.button == 2 or "Alt" in event.modifiers
        drawn = None
        if str(layer.mode) == "add_rectangle":
            drawn = Drawn.begin(event, layer.world_to_data(event.position))
        return cls(is_negative, len(event.dims_displayed) == 3, drawn)

    def go_on(self, event: Any) -> Press:
        """Return the press as it is after the mouse was moved."""
        drawn = None if self.drawn is None else self.drawn.go_on(event)
        return replace(self, drawn=drawn)

    @property
    def is_narrow(self) -> bool:
        """Whether it draws a box that is none, or not yet."""
        return self.drawn is not None and self.drawn.is_narrow


def sentence_for(problem: Sam2Error) -> str:
    """Say what was wrong with a gesture, without numbers that nobody has written."""
    return _BESIDE if isinstance(problem, OutsideError) else str(problem)


def better_tool(tool: str) -> tuple[str, str] | None:
    """Return what to use instead of a tool for shapes; None where it makes boxes.

    Returns
    -------
    tuple of str or None
        The tool, and a sentence that says why.
    """
    if tool in _OTHER_SHAPES:
        return "add_rectangle", (
            f"{_OTHER_SHAPES[tool]} cannot be prompts: draw a rectangle around the "
            "object."
        )
    if tool in _VERTEX_TOOLS:
        return "direct", "A box has four corners: move them, or the whole box."
    return None
