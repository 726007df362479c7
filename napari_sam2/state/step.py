"""One step of a history: what brings back the state before a gesture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.state.edit import Edit
from napari_sam2.state.mask_bytes import masks_from_bytes, masks_to_bytes

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from napari_sam2.state.masks import FrameMask, Place
    from napari_sam2.state.spill import Spill, Stored

_PORTION = 1000


class Step:
    """What brings back the state before a gesture, in memory or elsewhere.

    Parameters
    ----------
    label : str
    gesture : hashable or None
    inverse : Edit
        What takes the first edit of the gesture back.

    Attributes
    ----------
    gesture : hashable or None
    nbytes : int
        About how much memory it keeps alive.
    disk_bytes : int
        How much of it was moved elsewhere.
    """

    __slots__ = (
        "_is_closed", "_label", "_masks", "_moved", "_objects", "_places", "_prompts",
        "disk_bytes", "gesture", "nbytes",
    )  # fmt: skip

    def __init__(self, label: str, gesture: Hashable | None, inverse: Edit) -> None:
        self.gesture = gesture
        self.nbytes = inverse.nbytes
        self.disk_bytes = 0
        self._is_closed = False
        self._label = label
        self._objects = dict(inverse.objects)
        self._prompts = dict(inverse.prompts)
        self._masks = dict(inverse.masks)
        self._moved: list[Stored] = []
        self._places: _Places | None = None

    @property
    def label(self) -> str:
        """What was done."""
        return self._label

    def edit(self) -> Edit:
        """Return what brings the state back.

        Raises
        ------
        StorageError
            If what was moved cannot be read any more.
        """
        masks = dict(self._masks)
        for stored in self._moved:
            masks |= masks_from_bytes(stored.read())
        return Edit(self._label, self._objects, self._prompts, masks)

    def absorb(self, inverse: Edit) -> None:
        """Add the inverse of a later edit; where both know a place, the first holds."""
        self._objects = {**inverse.objects, **self._objects}
        self._prompts = {**inverse.prompts, **self._prompts}
        news = {p: m for p, m in inverse.masks.items() if not self._knows(p)}
        self._masks |= news  # in place: a run has thousands
        self.nbytes += Edit(self._label, masks=news).nbytes

    def touches(self, edit: Edit) -> bool:
        """Whether an edit names a place that this step brings back, or may do so."""
        return not (
            self._objects.keys().isdisjoint(edit.objects)
            and self._prompts.keys().isdisjoint(edit.prompts)
            and not any(map(self._knows, edit.masks))
        )

    def move(self, spill: Spill, count: int, frame_count: int) -> int:
        """Move masks out of memory.

        Parameters
        ----------
        spill : Spill
            Where they go.
        count : int
            How many are moved at most, about.
        frame_count : int
            Of the document.

        Returns
        -------
        int
            How many were moved.
        """
        moved = 0
        if self._places is None and not self._is_closed:
            self._places = _Places(frame_count)
        while moved < count and self._masks:
            some = dict(self._pop(min(_PORTION, count - moved)))
            if self._places is not None:
                self._places.add(some)
            stored = spill.put(masks_to_bytes(some))
            self._moved.append(stored)
            self.disk_bytes += len(stored)
            self.nbytes -= Edit("", masks=some).nbytes
            moved += len(some)
        return moved

    def close(self) -> None:
        """Forget which places were moved: the gesture is over."""
        self._is_closed, self.gesture = True, None
        self._places = None

    def _pop(self, count: int) -> Iterable[tuple[Place, FrameMask | None]]:
        for _ in range(min(count, len(self._masks))):
            yield self._masks.popitem()

    def _knows(self, place: Place) -> bool:
        if place in self._masks:
            return True
        if self._places is None:
            return bool(self._moved)  # nobody knows any more
        return place in self._places


class _Places:
    """Places by the million: a byte for each frame of each object."""

    def __init__(self, frame_count: int) -> None:
        self._frame_count = frame_count
        self._by_object: dict[int, bytearray] = {}

    def add(self, places: Iterable[Place]) -> None:
        for object_id, frame in places:
            row = self._by_object.get(object_id)
            if row is None:
                row = self._by_object[object_id] = bytearray(self._frame_count)
            row[frame] = True

    def __contains__(self, place: Place) -> bool:
        row = self._by_object.get(place[0])
        return row is not None and bool(row[place[1]])
