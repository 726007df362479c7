"""The axes of a stack: names, lengths, pixel sizes and units."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from napari_sam2.core.errors import StackError
from napari_sam2.core.given import check_given
from napari_sam2.core.plain_text import plain_text


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of an array.

    Attributes
    ----------
    name : str
        Lower case: ``t``, ``z``, ``y``, ``x``, ``c``, or another single letter when the
        file says so (``i``, ``q``: unknown; ``s``: samples of a colour picture).
    size : int
        Number of elements.
    scale : float
        Distance between neighbours, in ``unit``; 1 where the file's is no number.
    unit : str
        ``"micrometer"``, ``"second"``, …; empty when unknown.
    """

    name: str
    size: int
    scale: float = 1.0
    unit: str = ""

    def __post_init__(self) -> None:
        """Make scale and unit such as can be saved: a file may say anything."""
        is_known = math.isfinite(self.scale)
        object.__setattr__(self, "scale", self.scale if is_known else 1.0)
        object.__setattr__(self, "unit", plain_text(self.unit) if is_known else "")

    def __str__(self) -> str:
        """Show as ``T (11)``."""
        return f"{self.name.upper()} ({self.size})"


Axes = tuple[Axis, ...]


def axes_from_shape(shape: tuple[int, ...], names: str) -> Axes:
    """Make axes without pixel sizes from lengths and one letter per axis."""
    if len(shape) != len(names):
        raise ValueError(f"{len(names)} axis names ({names}) for shape {shape}")
    return tuple(Axis(n.lower(), s) for n, s in zip(names, shape, strict=True))


def axis_names(axes: Axes) -> str:
    """Join the axis names to a string such as ``tzyx``."""
    return "".join(axis.name for axis in axes)


def distinct_names(axes: Axes) -> tuple[str, ...]:
    """Return the names of axes, with a number where several have the same."""
    names = [axis.name for axis in axes]
    return tuple(
        name if names.count(name) == 1 else f"{name}_{number}"
        for number, name in enumerate(names)
    )


def resized(axis: Axis, size: int) -> Axis:
    """Return the axis with another number of elements."""
    return replace(axis, size=size)


def list_axes(axes: Axes) -> str:
    """List the axes for a person: ``axis 0: T (11), axis 1: Y (313), …``."""
    return ", ".join(f"axis {i}: {axis}" for i, axis in enumerate(axes))


def find_axis(axes: Axes, which: int | str) -> int:
    """Return the index of an axis given by its number or its name.

    Raises
    ------
    StackError
        If there is no such axis, or several of that name.
    """
    advice = 'give its name or its number, such as "z"'
    check_given(which, int | str, "axis", advice, StackError)
    if isinstance(which, int) or which.strip().lstrip("-").isdigit():
        if -len(axes) <= int(which) < len(axes):
            return int(which) % len(axes)
        found = []
    else:
        found = [i for i, axis in enumerate(axes) if axis.name == which.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        raise StackError(
            f"Several axes are called {which}: {list_axes(axes)}. Give the axis by "
            "its number."
        )
    raise StackError(f"There is no axis {which}: the stack has {list_axes(axes)}.")
