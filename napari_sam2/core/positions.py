"""The positions of an N-D stack: where along its other axes it is worked through.

Objects are followed along one axis, and a frame has two. What else a stack has, such as
time when they are followed along z, has positions, and every one of them is a stack of
frames of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.axes import distinct_names, find_axis
from napari_sam2.core.errors import PromptError, StackError
from napari_sam2.core.frames.layout import check_at
from napari_sam2.core.prompts import check_prompt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_sam2.core.axes import Axes
    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.prompts import Prompt


@dataclass(frozen=True, slots=True)
class PlacedPrompt:
    """A prompt, and the position that it is at.

    Attributes
    ----------
    prompt : PointPrompt, BoxPrompt or MaskPrompt
    at : mapping of str to int
        Index by name of the axis; what is not named is left to
        :meth:`Positions.locate`.
    """

    prompt: Prompt
    at: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Reject what is no prompt, or says no position."""
        check_prompt(self.prompt)
        check_at(self.at, PromptError)


@dataclass(frozen=True, slots=True)
class Positions:
    """Positions that are worked through, in order: the last axis counts fastest.

    Attributes
    ----------
    axes : tuple of Axis
        The axes along which positions lie, in the order of the stack.
    indices : tuple of int
        Where these are among the axes of the stack.
    visited : tuple of range
        The indices along each that are worked through, counting up by one.
    first : tuple of int
        The position that prompts are at which do not say where.
    """

    axes: Axes
    indices: tuple[int, ...]
    visited: tuple[range, ...]
    first: Position

    def __len__(self) -> int:
        """Count the positions that are worked through."""
        return math.prod(map(len, self.visited))

    def __iter__(self) -> Iterator[Position]:
        """Iterate over the positions that are worked through."""
        return product(*self.visited)

    def __getitem__(self, number: int) -> Position:
        """Return one of the positions that are worked through, by its place in order.

        Raises
        ------
        IndexError
            If there are not so many.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"There is no position {number} among {len(self)}.")
        indices = np.unravel_index(number, tuple(map(len, self.visited)))
        return tuple(
            span[int(i)] for span, i in zip(self.visited, indices, strict=True)
        )

    def __contains__(self, position: object) -> bool:
        """Whether a position is worked through."""
        return (
            isinstance(position, tuple)
            and len(position) == len(self.visited)
            and all(i in span for i, span in zip(position, self.visited, strict=True))
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of positions along each axis, those that are left out included."""
        return tuple(axis.size for axis in self.axes)

    @property
    def names(self) -> tuple[str, ...]:
        """What each axis is called, no two alike."""
        return distinct_names(self.axes)

    @property
    def whole(self) -> Positions:
        """All positions that the stack has."""
        return replace(self, visited=tuple(map(range, self.shape)))

    def number(self, position: Position) -> int:
        """Count a position among all that the stack has, in order."""
        number = 0
        for index, size in zip(position, self.shape, strict=True):
            number = number * size + index
        return number

    def at(self, position: Position) -> dict[str, int]:
        """Return a position as ``frame_layout`` takes it."""
        return {
            str(axis): index for axis, index in zip(self.indices, position, strict=True)
        }

    def describe(self, position: Position) -> str:
        """Show a position as ``t = 3 of 12``."""
        return ", ".join(
            f"{name} = {index} of {size}"
            for name, index, size in zip(self.names, position, self.shape, strict=True)
        )

    def named(self, at: Mapping[str, int]) -> dict[str, int]:
        """Name the axes that a prompt counts: ``{"0": 2}`` is at ``{"t": 2}``."""
        names = dict(zip(map(str, self.indices), self.names, strict=True))
        return {names.get(axis, axis): index for axis, index in at.items()}

    def locate(self, at: Mapping[str, int], what: str) -> Position:
        """Return the position that a prompt names, or :attr:`first` as far as not.

        Parameters
        ----------
        at : mapping of str to int
            Index by name of the axis.
        what : str
            For messages: "Object 1 on frame 0".

        Raises
        ------
        PromptError
            If there are no positions along such an axis, or not this one.
        """
        named = dict(at)
        position = tuple(
            named.pop(name, named.pop(str(number), first))
            for name, number, first in zip(
                self.names, self.indices, self.first, strict=True
            )
        )
        if named:
            name, index = next(iter(named.items()))
            raise PromptError(
                f"{what} is prompted at {name} = {index}, but {self._known} Remove "
                f"{name}, or work through all of it.",
                example={"every": [name]},
            )
        for index, span, axis in zip(position, self.visited, self.axes, strict=True):
            if index not in span:
                raise PromptError(
                    f"{what} is prompted at {axis.name} = {index}, and the positions "
                    f"along {axis} are {span.start} to {span.stop - 1}."
                )
        return position

    @property
    def _known(self) -> str:
        names = " and ".join(self.names)
        return f"positions are along {names}." if names else "there are no positions."


NOWHERE = Positions((), (), (), ())
"""The one position, ``()``, of a stack that has no other axes."""


def choose_positions(
    axes: Axes,
    every: Sequence[tuple[str, range | None]],
    at: Mapping[str, int] | None = None,
) -> Positions:
    """Decide at which positions of a stack objects are followed.

    Parameters
    ----------
    axes : tuple of Axis
        Those of the whole stack.
    every : sequence of (str, range or None)
        Name or number of each axis that is worked through, and the part of it, all by
        default.
    at : mapping of str to int, optional
        By axis, the index that prompts are at which do not say where; by default the
        first one that is worked through.

    Raises
    ------
    StackError
        If there is no such axis or index, or an axis is named twice.
    """
    spans: dict[int, range] = {}
    for name, span in every:
        index = find_axis(axes, name)
        if index in spans:
            raise StackError(f"The axis {axes[index]} is to be worked through twice.")
        spans[index] = _checked_span(span, axes, index)
    firsts = {find_axis(axes, name): index for name, index in (at or {}).items()}
    indices = tuple(sorted(spans))
    for index in indices:
        first = firsts.get(index, spans[index].start)
        if first not in spans[index]:
            raise StackError(
                f"Prompts are at {axes[index].name} = {first}, which is not worked "
                f"through: give {spans[index].start} to {spans[index].stop - 1}."
            )
    return Positions(
        tuple(axes[i] for i in indices),
        indices,
        tuple(spans[i] for i in indices),
        tuple(firsts.get(i, spans[i].start) for i in indices),
    )


def _checked_span(span: range | None, axes: Axes, index: int) -> range:
    size = axes[index].size
    if span is None:
        return range(size)
    if not span or span.start < 0 or span.stop > size:
        raise StackError(
            f"Positions {span.start}:{span.stop} do not all exist along {axes[index]}: "
            f"all of them are 0:{size}."
        )
    return span
