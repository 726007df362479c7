"""What the axes of an array may be that does not say it."""

from __future__ import annotations


def guess_axis_names(shape: tuple[int, ...]) -> str:
    """Name the axes of an array that does not say what they are.

    The last two are rows and columns, unless the last has length 3 or 4 and follows
    two longer ones: those are colour pictures. What comes before is ``i`` (one unknown
    axis) or ``q`` (several).
    """
    samples = len(shape) >= 3 and shape[-1] in (3, 4) and min(shape[-3:-1]) > 4
    plane = "yxs" if samples else "yx"
    leading = len(shape) - len(plane)
    return ("i" if leading == 1 else "q" * leading) + plane
