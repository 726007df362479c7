"""When objects live that divide, or came of a division. Pure functions of the objects.

An object ends where its first daughters begin. As a daughter begins after its mother
did, nobody is among their own ancestors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_sam2.state.edit import TrackedObject

    Objects = Mapping[int, TrackedObject]


@dataclass(frozen=True, slots=True)
class Lives:
    """The frames on which objects can be, as far as divisions say.

    Attributes
    ----------
    begins, ends : mapping of int to int
        The first frame of daughters, and the one after the last of mothers.
    """

    begins: Mapping[int, int]
    ends: Mapping[int, int]

    def hold(self, object_id: int, frame: int) -> bool:
        """Whether an object can be on a frame."""
        end = self.ends.get(object_id)
        return self.begins.get(object_id, 0) <= frame and (end is None or frame < end)


def lives_of(objects: Objects) -> Lives:
    """Return when each object begins and ends."""
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}
    for object_id, one in objects.items():
        if one.descent is not None:
            parent, frame = one.descent.parent, one.descent.frame
            begins[object_id] = frame
            ends[parent] = min(frame, ends.get(parent, frame))
    return Lives(begins, ends)


def why_not_alive(objects: Objects, lives: Lives, object_id: int, frame: int) -> str:
    """Say why an object cannot be on a frame: nothing if it can."""
    if lives.hold(object_id, frame):
        return ""
    one, end = objects[object_id], lives.ends.get(object_id)
    if end is not None and frame >= end:
        names = " or ".join(objects[i].name for i in daughters_of(objects, object_id))
        return f"{one.name} has divided on frame {end}: from there on, choose {names}."
    assert one.descent is not None
    return (
        f"{one.name} begins on frame {one.descent.frame}, where "
        f"{objects[one.descent.parent].name} divides: before that, choose that one."
    )


def parents_of(objects: Objects) -> dict[int, int]:
    """Return the parent of every object that has one."""
    return {i: one.descent.parent for i, one in objects.items() if one.descent}


def daughters_of(objects: Objects, object_id: int) -> list[int]:
    """Return the objects that one divided into."""
    return [i for i, parent in parents_of(objects).items() if parent == object_id]


def without_parents(objects: Objects, gone: Collection[int]) -> Objects:
    """Return the daughters of objects that are gone, as objects without a parent."""
    return {
        object_id: replace(one, descent=None)
        for object_id, one in objects.items()
        if one.descent and one.descent.parent in gone and object_id not in gone
    }


def is_sound(objects: Objects) -> bool:
    """Whether every parent is there, and begins before its daughters do."""
    begins = lives_of(objects).begins
    return all(
        one.descent.parent in objects
        and begins.get(one.descent.parent, -1) < one.descent.frame
        for one in objects.values()
        if one.descent is not None
    )
