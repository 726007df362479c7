"""How frames are counted where there are many positions: one position after the other.

So a stack of any number of axes is a row of frames for documents, files and recipes. A
series is the frames of one position, which follow each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

Position: TypeAlias = tuple[int, ...]
"""An index along every axis of positions."""


@dataclass(frozen=True, slots=True)
class FrameNumbers:
    """The numbers of the frames of all positions.

    Attributes
    ----------
    shape : tuple of int
        Number of positions along each of their axes, the last of which counts fastest;
        empty where there is one position.
    length : int
        Number of frames at each.
    """

    shape: tuple[int, ...]
    length: int

    @property
    def count(self) -> int:
        """Number of all frames."""
        return self.series_count * self.length

    @property
    def series_count(self) -> int:
        """Number of positions."""
        return math.prod(self.shape)

    def join(self, position: Position, frame: int) -> int | None:
        """Return the number of a frame at a position; None where there is none."""
        number = 0
        for index, size in zip(
            (*position, frame), (*self.shape, self.length), strict=True
        ):
            if not 0 <= index < size:
                return None
            number = number * size + index
        return number

    def split(self, number: int) -> tuple[Position, int]:
        """Return the position of a frame, and its number there."""
        rest, frame = divmod(number, self.length)
        position = []
        for size in reversed(self.shape):
            rest, index = divmod(rest, size)
            position.append(index)
        return tuple(reversed(position)), frame

    def series_of(self, number: int) -> range:
        """Return the numbers of all frames at the position of one."""
        first = number - number % self.length
        return range(first, first + self.length)

    def series_at(self, position: Position) -> range:
        """Return the numbers of all frames at a position."""
        first = self.join(position, 0)
        if first is None:
            raise IndexError(f"there is no position {position}")
        return range(first, first + self.length)
