"""All masks of a session, found by object or by frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_sam2.state.mask_changes import MaskChanges
from napari_sam2.state.mask_row import NO_MASKS, MaskRow, joined, without_gaps
from napari_sam2.state.masks import FrameMask, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MANY = 20_000


class MaskTable(Mapping[Place, FrameMask]):
    """The masks of a session, found by object or by frame.

    Parameters
    ----------
    masks : mapping of (object_id, frame) to FrameMask, optional
        What the table begins with.
    """

    __slots__ = ("_counts", "_painted", "_rows")

    def __init__(self, masks: Mapping[Place, FrameMask] | None = None) -> None:
        self._rows: dict[int, MaskRow] = {}
        self._counts: Counter[int] = Counter()
        self._painted: dict[int, set[int]] = {}
        self.change(MaskChanges.of(masks or {}).rows)

    def __len__(self) -> int:
        """Count the masks."""
        return self._counts.total()

    def __getitem__(self, place: Place) -> FrameMask:
        """Return the mask of an object on a frame."""
        object_id, frame = place
        return self.on_frame(frame)[object_id]

    def __iter__(self) -> Iterator[Place]:
        """Iterate over (object_id, frame), frame after frame."""
        for frame in sorted(self._rows):
            for object_id in sorted(self._rows[frame].masks):
                yield object_id, frame

    def put(self, place: Place, mask: FrameMask | None) -> None:
        """Set a mask, or remove it with None."""
        self.change(MaskChanges.of({place: mask}).rows)

    def change(self, rows: Mapping[int, MaskRow]) -> None:
        """Set masks, or remove them, by frame; nobody looks at them one by one."""
        added: Counter[int] = Counter()
        removed: Counter[int] = Counter()
        for frame, change in rows.items():
            before = self._rows.get(frame, NO_MASKS)
            after = without_gaps(joined(before, change))
            if after.masks:
                self._rows[frame] = after
            else:
                self._rows.pop(frame, None)
            here, now = before.masks.keys(), after.masks.keys()
            if here != now:
                added.update(now - here)
                removed.update(here - now)
            self._note_painted(frame, before.painted, after.painted)
        self._counts.update(added)
        self._counts -= removed  # which also forgets who has none left

    @property
    def are_many(self) -> bool:
        """Whether there are so many that further ones had better be bytes."""
        return len(self) >= _MANY

    @property
    def frames(self) -> frozenset[int]:
        """The frames with masks."""
        return frozenset(self._rows)

    def of_object(self, object_id: int) -> Mapping[int, FrameMask]:
        """Return an object's masks by frame, as they are at any time, in no order."""
        return _ObjectMasks(self._rows, object_id, self._counts)

    def on_frame(self, frame: int) -> Mapping[int, FrameMask]:
        """Return a frame's masks by object, in no particular order; do not change."""
        return self.row(frame).known

    def row(self, frame: int) -> MaskRow:
        """Return a frame's masks as a value, which may be exchanged."""
        return self._rows.get(frame, NO_MASKS)

    def painted_frames(self, object_id: int) -> frozenset[int]:
        """Return the frames on which an object was painted."""
        return frozenset(self._painted.get(object_id, ()))

    def copy(self) -> MaskTable:
        """Return a table that later changes of this one do not reach.

        Masks by the million take no time: it has the same rows.
        """
        twin = MaskTable()
        twin._rows = self._rows.copy()
        twin._counts = self._counts.copy()
        twin._painted = {i: frames.copy() for i, frames in self._painted.items()}
        return twin

    def on_frames(self, frames: Iterable[int]) -> dict[int, Mapping[int, FrameMask]]:
        """Take down the masks of some frames, by frame and object."""
        return {f: self._rows[f].known for f in frames if f in self._rows}

    def _note_painted(
        self, frame: int, before: frozenset[int], after: frozenset[int]
    ) -> None:
        for object_id in after - before:
            self._painted.setdefault(object_id, set()).add(frame)
        for object_id in before - after:
            self._painted[object_id].discard(frame)


class _ObjectMasks(Mapping[int, FrameMask]):
    """The masks of one object by frame."""

    __slots__ = ("_counts", "_object_id", "_rows")

    def __init__(
        self, rows: Mapping[int, MaskRow], object_id: int, counts: Mapping[int, int]
    ) -> None:
        self._rows = rows
        self._object_id = object_id
        self._counts = counts

    def __len__(self) -> int:
        return self._counts.get(self._object_id, 0)

    def __iter__(self) -> Iterator[int]:
        if not len(self):
            return iter(())
        rows = self._rows.items()
        return (frame for frame, row in rows if self._object_id in row.masks)

    def __contains__(self, frame: object) -> bool:
        row = self._rows.get(frame)  # type: ignore[call-overload]
        return row is not None and self._object_id in row.masks

    def __getitem__(self, frame: int) -> FrameMask:
        return self._rows[frame].known[self._object_id]
