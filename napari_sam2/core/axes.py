"""The axes of a stack: names, lengths, pixel sizes and units."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of an array.

    Attributes
    ----------
    name : str
        Lower case: ``t``, ``z``, ``y``, ``x``, ``c``, or another single letter when the
        file says so (``i``, ``q``: unknown).
    size : int
        Number of elements.
    scale : float
        Distance between neighbours, in ``unit``.
    unit : str
        ``"micrometer"``, ``"second"``, …; empty when unknown.
    """

    name: str
    size: int
    scale: float = 1.0
    unit: str = ""

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


def resized(axis: Axis, size: int) -> Axis:
    """Return the axis with another number of elements."""
    return replace(axis, size=size)
