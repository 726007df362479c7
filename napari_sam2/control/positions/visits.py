"""In which order positions are visited, and where each object comes from. Pure numbers.

An object that is prompted at a position starts there. Everywhere else it comes from the
neighbour on the way to its nearest prompts, so a position can be visited when those
neighbours were.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from napari_sam2.core.frames.numbers import Position
    from napari_sam2.core.positions import Positions


@dataclass(frozen=True, slots=True)
class Visit:
    """Objects to be found at a position, together.

    Attributes
    ----------
    position : tuple of int
    sources : mapping of int to (tuple of int or None)
        By object, the position that it comes from; None where it is prompted here.
    """

    position: Position
    sources: Mapping[int, Position | None]


def plan_visits(
    positions: Positions,
    prompted: Mapping[int, Collection[Position]],
    *,
    are_seeded: bool = True,
) -> tuple[Visit, ...]:
    """Put positions in an order in which every object can be found.

    A position is visited once, unless objects come to it from opposite sides and none
    of the ways round could be gone first.

    Parameters
    ----------
    positions : Positions
    prompted : mapping of int to collection of (tuple of int)
        Where each object is prompted; all of these are in ``positions``.
    are_seeded : bool, optional
        Whether objects are looked for where they are not prompted.

    Returns
    -------
    tuple of Visit
        Every object comes once at every position, after the position it comes from.
    """
    schedule = _Schedule()
    for position in positions:
        for object_id, where in prompted.items():
            if position in where:
                schedule.add(position, object_id, None)
            elif are_seeded:
                schedule.add(position, object_id, _source(position, where))
    return tuple(schedule.visits())


def _source(position: Position, prompted: Iterable[Position]) -> Position:
    """Return the neighbour on the way to the nearest prompts, slow axes first."""
    goal = min(prompted, key=lambda one: (_distance(one, position), one))
    axis = next(i for i, index in enumerate(position) if index != goal[i])
    step = 1 if goal[axis] > position[axis] else -1
    return (*position[:axis], position[axis] + step, *position[axis + 1 :])


def _distance(one: Position, other: Position) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


@dataclass(slots=True)
class _Schedule:
    """Objects that wait at positions for those that they come from."""

    waiting: dict[Position, dict[int, Position | None]] = field(default_factory=dict)
    ready: dict[Position, set[int]] = field(default_factory=dict)
    followers: dict[tuple[Position, int], list[Position]] = field(default_factory=dict)

    def add(self, position: Position, object_id: int, source: Position | None) -> None:
        self.waiting.setdefault(position, {})[object_id] = source
        ready = self.ready.setdefault(position, set())
        if source is None:
            ready.add(object_id)
        else:
            self.followers.setdefault((source, object_id), []).append(position)

    def visits(self) -> Iterable[Visit]:
        """Yield visits; go on from the last one rather than begin elsewhere."""
        complete = [p for p in reversed(self.waiting) if self._is_complete(p)]
        while self.waiting:
            position = complete.pop() if complete else self._begun()
            objects = sorted(self.ready.pop(position))
            rest = self.waiting[position]
            yield Visit(position, {one: rest.pop(one) for one in objects})
            self.ready[position] = set()
            if not rest:
                del self.waiting[position]
            complete += filter(self._is_complete, self._release(position, objects))

    def _is_complete(self, position: Position) -> bool:
        return len(self.ready[position]) == len(self.waiting[position])

    def _begun(self) -> Position:
        """Return the first position at which some of the objects can be found."""
        return next(position for position in self.waiting if self.ready[position])

    def _release(self, position: Position, objects: Iterable[int]) -> list[Position]:
        """Make what comes from a position ready, and return where that is."""
        released = set()
        for object_id in objects:
            for follower in self.followers.pop((position, object_id), ()):
                self.ready[follower].add(object_id)
                released.add(follower)
        return sorted(released)  # the last one is visited next: forward before back
