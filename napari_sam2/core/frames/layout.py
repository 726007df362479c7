"""Which axes of an array are frames, rows and columns, and where it is stayed at."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_sam2.core.axes import Axes, find_axis, list_axes
from napari_sam2.core.errors import Sam2Error, StackError
from napari_sam2.core.frames.numbers import FrameNumbers
from napari_sam2.core.given import check_given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.core.frames.numbers import Position

# Rows come before columns, whatever the order in which a file has its axes.
_SLOWEST_FIRST = "tzyx"


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """Where the frames of a stack lie among its axes, as indices into its axes.

    Attributes
    ----------
    frame : int or None
        The axis that objects are followed along; None for a single picture.
    plane : tuple of int
        The axes of one frame, (rows, columns).
    channel : int or None
        The axis of colours or fluorescence channels.
    fixed : tuple of (int, int)
        Axes at one index of which the frames are, and that index.
    positions : tuple of int
        Axes at every index of which there are frames; see
        :class:`napari_sam2.core.frames.numbers.FrameNumbers`.
    """

    frame: int | None
    plane: tuple[int, int]
    channel: int | None
    fixed: tuple[tuple[int, int], ...] = ()
    positions: tuple[int, ...] = ()

    @property
    def result_axes(self) -> tuple[int, ...]:
        """The axes that results have: positions, frames, rows and columns.

        The one that single pictures are given, as they have no frames, is -1.
        """
        frame = -1 if self.frame is None else self.frame
        return (*self.positions, frame, *self.plane)

    def numbers(self, shape: Sequence[int]) -> FrameNumbers:
        """Return how the frames of an array of this shape are counted."""
        length = 1 if self.frame is None else shape[self.frame]
        return FrameNumbers(tuple(shape[axis] for axis in self.positions), length)

    def key(self, frame: int, ndim: int) -> list[int | slice]:
        """Return what takes a frame, with all its channels, from an array.

        Parameters
        ----------
        frame : int
            0-based; of one position.
        ndim : int
            Number of the array's axes.
        """
        key: list[int | slice] = [slice(None)] * ndim
        for axis, index in self.fixed:
            key[axis] = index
        if self.frame is not None:
            key[self.frame] = frame
        return key

    def held_at(self, position: Position) -> FrameLayout:
        """Return where the frames of one position lie."""
        held = zip(self.positions, position, strict=True)
        fixed = tuple(sorted((*self.fixed, *held)))
        return replace(self, fixed=fixed, positions=())


def without_channel(layout: FrameLayout) -> FrameLayout:
    """Return where the same frames lie in an array without the channels."""

    def moved(axis: int) -> int:
        return axis - (layout.channel is not None and axis > layout.channel)

    rows, columns = layout.plane
    return FrameLayout(
        None if layout.frame is None else moved(layout.frame),
        (moved(rows), moved(columns)),
        None,
        tuple((moved(axis), index) for axis, index in layout.fixed),
        tuple(map(moved, layout.positions)),
    )


def check_at(at: Mapping[str, int], error: type[Sam2Error] = StackError) -> None:
    """Raise an error unless a place among axes is given as a mapping."""
    check_given(at, Mapping, "place", 'give an index by axis: at={"t": 1}', error)


def frame_layout(
    axes: Axes, axis: int | str | None = None, at: Mapping[str, int] | None = None
) -> FrameLayout:
    """Decide which axis the frames lie along, and which two are a frame.

    Parameters
    ----------
    axes : tuple of Axis
        The axes of the whole stack.
    axis : int or str, optional
        Number or name of the axis to follow objects along. May be left out when only
        one is possible. Choosing ``y`` or ``x`` of a volume cuts it the other way:
        rows are then along z, whatever the order of the file.
    at : mapping of str to int, optional
        Index at which to stay along axes that are neither followed nor part of a frame:
        ``{"z": 3}``.

    Raises
    ------
    StackError
        If the choice is ambiguous or impossible; the message lists the axes.
    """
    fixed = {
        find_axis(axes, n): _check_index(axes, n, i) for n, i in (at or {}).items()
    }
    frame = None if axis is None else find_axis(axes, axis)
    taken = {*fixed} if frame is None else {*fixed, frame}
    channel = _channel_axis(axes, taken)
    plane = _plane_axes(
        axes, [i for i in range(len(axes)) if i not in {*taken, channel}]
    )
    rest = [i for i in range(len(axes)) if i not in {*taken, channel, *plane}]
    if frame is None:
        frame = _only_frame_axis(axes, rest)
    rest = [i for i in rest if i != frame]
    if any(axes[i].size > 1 for i in rest):
        raise _needs_index(axes, frame, [i for i in rest if axes[i].size > 1])
    fixed |= dict.fromkeys(rest, 0)
    return FrameLayout(frame, plane, channel, tuple(sorted(fixed.items())))


def _check_index(axes: Axes, name: str, index: int) -> int:
    axis = axes[find_axis(axes, name)]
    try:
        number = operator.index(index)
    except TypeError:
        number = -1
    if not 0 <= number < axis.size:
        raise StackError(
            f"Index {index} does not exist along {axis}: give 0 to {axis.size - 1}."
        )
    return number


def _channel_axis(axes: Axes, taken: set[int]) -> int | None:
    """Prefer colour samples to channels, and either to an axis of length 1."""
    found = [i for i, a in enumerate(axes) if a.name in "sc" and i not in taken]
    found.sort(key=lambda i: (axes[i].size == 1, axes[i].name == "c"))
    return found[0] if found else None


def _plane_axes(axes: Axes, free: Sequence[int]) -> tuple[int, int]:
    named = {axes[i].name: i for i in free}
    if "y" in named and "x" in named:
        return named["y"], named["x"]
    long = [i for i in free if axes[i].size > 1]
    candidates = long if len(long) >= 2 else list(free)
    if len(candidates) < 2:
        raise StackError(
            "A frame needs two axes, rows and columns, besides the one that objects "
            f"are followed along; the stack has {list_axes(axes)}."
        )
    if {axes[i].name for i in candidates} <= set(_SLOWEST_FIRST):
        candidates.sort(key=lambda i: _SLOWEST_FIRST.index(axes[i].name))
    return candidates[-2], candidates[-1]


def _only_frame_axis(axes: Axes, free: Sequence[int]) -> int | None:
    long = [i for i in free if axes[i].size > 1]
    if len(long) > 1:
        choices = [_option(axes, i) for i in long]
        raise StackError(
            f"Objects could be followed along several axes of this stack "
            f"({list_axes(axes)}). Say which, {' or '.join(choices)}.",
            example={"axis": choices[0]},
        )
    return next(iter(long or free), None)


def _needs_index(axes: Axes, frame: int | None, rest: Sequence[int]) -> StackError:
    left = " and ".join(str(axes[i]) for i in rest)
    along = "" if frame is None else f" besides {axes[frame]}"
    middles = {_option(axes, i): axes[i].size // 2 for i in rest}
    return StackError(
        f"The stack has {left}{along}, and frames are flat ({list_axes(axes)}). Say "
        f"where to stay, for example in the middle.",
        example={"at": middles},
    )


def _option(axes: Axes, index: int) -> str:
    """Name an axis as find_axis takes it: by its letter when that is unique."""
    name = axes[index].name
    return name if sum(axis.name == name for axis in axes) == 1 else str(index)
