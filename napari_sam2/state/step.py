"""One step of a history: what brings back the state before a gesture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.state.edit import Edit
from napari_sam2.state.kept_masks import KeptMasks, keep_masks
from napari_sam2.state.mask_changes import MaskChanges
from napari_sam2.state.mask_row import NO_MASKS, MaskRow, joined

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable

    from napari_sam2.state.spill import Spill


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
        "_in_memory", "_label", "_objects", "_prompts", "_rows", "disk_bytes",
        "gesture", "nbytes",
    )  # fmt: skip

    def __init__(self, label: str, gesture: Hashable | None, inverse: Edit) -> None:
        self.gesture = gesture
        self.nbytes = inverse.nbytes
        self._label = label
        self._objects = dict(inverse.objects)
        self._prompts = dict(inverse.prompts)
        self._rows = dict(inverse.rows)
        self._in_memory = {f: None for f, row in self._rows.items() if row.is_in_memory}
        self.disk_bytes = sum(_bytes_elsewhere(row) for row in self._rows.values())

    @property
    def label(self) -> str:
        """What was done."""
        return self._label

    def edit(self) -> Edit:
        """Return what brings the state back; what was moved stays where it is."""
        masks = MaskChanges(dict(self._rows))
        return Edit(self._label, self._objects, self._prompts, masks)

    def absorb(self, inverse: Edit) -> None:
        """Add the inverse of a later edit; where both know a place, the first holds."""
        for object_id, one in inverse.objects.items():
            self._objects.setdefault(object_id, one)
        for place, prompts in inverse.prompts.items():
            self._prompts.setdefault(place, prompts)
        for frame, row in inverse.rows.items():
            known = self._rows.get(frame, NO_MASKS)
            self._set(frame, known, joined(row, known))

    def touches(self, edit: Edit) -> bool:
        """Whether an edit names what this step brings back, or an object it removes."""
        gone = {i for i, one in self._objects.items() if one is None}
        return (
            not (
                self._objects.keys().isdisjoint(edit.objects)
                and self._prompts.keys().isdisjoint(edit.prompts)
            )
            or any(object_id in gone for object_id, _ in edit.prompts)
            or any(
                not row.masks.keys().isdisjoint(gone.union(self._places_on(frame)))
                for frame, row in edit.rows.items()
            )
        )

    def _places_on(self, frame: int) -> Collection[int]:
        return self._rows.get(frame, NO_MASKS).masks.keys()

    def move(self, spill: Spill, count: int) -> int:
        """Move masks out of memory.

        Parameters
        ----------
        spill : Spill
            Where they go.
        count : int
            How many are moved at most, but for the rest of a frame.

        Returns
        -------
        int
            How many were moved.
        """
        moved = 0
        while moved < count and self._in_memory:
            frame = next(iter(self._in_memory))
            row = self._rows[frame]
            kept = keep_masks(row.masks, spill)
            self._set(frame, row, MaskRow(kept, row.painted, is_held=True))
            moved += len(kept)
        return moved

    def close(self) -> None:
        """Forget the gesture: it is over."""
        self.gesture = None

    def _set(self, frame: int, before: MaskRow, after: MaskRow) -> None:
        self._rows[frame] = after
        self.nbytes += after.nbytes - before.nbytes
        self.disk_bytes += _bytes_elsewhere(after) - _bytes_elsewhere(before)
        if after.is_in_memory:
            self._in_memory[frame] = None
        else:
            self._in_memory.pop(frame, None)


def _bytes_elsewhere(row: MaskRow) -> int:
    return row.masks.disk_bytes if isinstance(row.masks, KeptMasks) else 0
