"""Which masks a change of a document sets, frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_sam2.state.mask_row import MaskRow, make_row
from napari_sam2.state.masks import FrameMask, Place

if TYPE_CHECKING:
    from collections.abc import Iterator


class MaskChanges(Mapping[Place, "FrameMask | None"]):
    """Places, and what they are to hold: a mask, or None for nothing.

    Parameters
    ----------
    rows : mapping of int to MaskRow
        By frame.
    """

    __slots__ = ("rows",)

    def __init__(self, rows: Mapping[int, MaskRow]) -> None:
        self.rows = rows

    @classmethod
    def of(cls, masks: Mapping[Place, FrameMask | None]) -> MaskChanges:
        """Return a mapping of places to masks as changes."""
        if isinstance(masks, MaskChanges):
            return masks
        by_frame: dict[int, dict[int, FrameMask | None]] = {}
        for (object_id, frame), mask in masks.items():
            by_frame.setdefault(frame, {})[object_id] = mask
        return cls({frame: make_row(found) for frame, found in by_frame.items()})

    def __len__(self) -> int:
        """Count the places."""
        return sum(len(row.masks) for row in self.rows.values())

    def __iter__(self) -> Iterator[Place]:
        """Iterate over (object_id, frame)."""
        for frame, row in self.rows.items():
            for object_id in row.masks:
                yield object_id, frame

    def __getitem__(self, place: Place) -> FrameMask | None:
        """Return what a place is to hold."""
        object_id, frame = place
        return self.rows[frame].masks[object_id]
