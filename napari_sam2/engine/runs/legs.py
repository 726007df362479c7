"""A run at many positions: what of it is made at each of them. Pure numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from napari_sam2.core.errors import NoPromptError
from napari_sam2.engine.runs.plan import Plan, check_range

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_sam2.core.frames.numbers import FrameNumbers, Position
    from napari_sam2.engine.runs.plan import Direction

Place: TypeAlias = tuple[int, int]
"""An object, and a frame at its position where something is said about it."""


@dataclass(frozen=True, slots=True)
class Leg:
    """The part of a run that is at one position.

    Attributes
    ----------
    position : tuple of int
    plan : Plan
        Of the objects that were prompted there, in frames of that position.
    """

    position: Position
    plan: Plan

    def objects_in(self, places: Collection[Place]) -> tuple[int, ...]:
        """Return the objects of the leg about which something is still said."""
        said = {object_id for object_id, _ in places}
        return tuple(one for one in self.plan.prompted if one in said)


def make_legs(
    prompted: Mapping[Position, Collection[Place]],
    numbers: FrameNumbers,
    frames: range | None,
    direction: Direction,
    objects: Collection[int] | None,
) -> list[Leg]:
    """Return the parts of a run, position after position.

    Parameters
    ----------
    prompted : mapping of tuple of int to collection of Place
        What is said at each position.
    numbers : FrameNumbers
    frames : range or None
        The frames to visit, of one position or several; all by default.
    direction : {"both", "forward", "backward"}
    objects : collection of int or None
        The objects to compute; all by default.

    Raises
    ------
    NoPromptError
        If nothing is said about any of them there.
    FrameError
        If the stack has no such frames.
    """
    frames = range(numbers.count) if frames is None else frames
    check_range(frames, numbers.count)
    legs = []
    for position in sorted(prompted):
        series = numbers.series_at(position)
        here = range(max(series.start, frames.start), min(series.stop, frames.stop))
        ends = _ends(prompted[position], objects)
        if here and ends:
            local = range(here.start - series.start, here.stop - series.start)
            legs.append(Leg(position, Plan(ends, local, direction)))
    if not legs:
        raise NoPromptError(
            "There is nothing to track there yet: give at least one object a point, "
            "a box or a mask at this position."
        )
    return legs


def _ends(
    places: Collection[Place], objects: Collection[int] | None
) -> dict[int, tuple[int, int]]:
    """Return the first and last frame on which something is said about objects."""
    frames: dict[int, list[int]] = {}
    for object_id, index in places:
        if objects is None or object_id in objects:
            frames.setdefault(object_id, []).append(index)
    return {i: (min(found), max(found)) for i, found in sorted(frames.items())}
