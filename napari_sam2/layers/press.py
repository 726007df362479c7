"""What a press of the mouse says besides where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DEPTHLESS = (
    "A click in 3-D has no depth: go back to the 2-D view (Ctrl-Y), and click on the "
    "frame that you mean."
)


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
