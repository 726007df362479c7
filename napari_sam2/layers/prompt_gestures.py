"""What the mouse says besides where it is: which button, in which view, which tool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_sam2.core.errors import OutsideError, Sam2Error

DEPTHLESS = (
    "A click in 3-D has no depth: go back to the 2-D view (Ctrl-Y), and click on the "
    "frame that you mean."
)
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


@dataclass(frozen=True, slots=True)
class Press:
    """A press of the mouse, or none, as when a script adds points.

    Attributes
    ----------
    is_negative : bool
        Whether it says where the object is not.
    is_in_3d : bool
        Whether it was in a view of volumes, where a place on the screen is a line.
    """

    is_negative: bool = False
    is_in_3d: bool = False

    @classmethod
    def of(cls, event: Any) -> Press:
        """Return what a mouse event of napari says."""
        is_negative = event.button == 2 or "Alt" in event.modifiers
        return cls(is_negative, len(event.dims_displayed) == 3)


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
