"""Which of napari's tools for shapes make boxes, and what to say of the others."""

from __future__ import annotations

_OTHER_SHAPES = {
    "add_ellipse": "Ellipses",
    "add_line": "Lines",
    "add_path": "Paths",
    "add_polyline": "Lines",
    "add_polygon": "Polygons",
    "add_polygon_lasso": "Outlines",
}
_VERTEX_TOOLS = {"vertex_insert", "vertex_remove"}


def better_tool(tool: str) -> tuple[str, str] | None:
    """Return what to use instead of a tool, and why; None where it makes boxes."""
    if tool in _OTHER_SHAPES:
        return "add_rectangle", (
            f"{_OTHER_SHAPES[tool]} cannot be prompts: draw a rectangle around the "
            "object."
        )
    if tool in _VERTEX_TOOLS:
        return "direct", "A box has four corners: move them, or the whole box."
    return None
