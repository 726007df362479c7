"""What the timeline shows, as arrays: one row per object, one column per frame.

No Qt: colours and marks are numbers here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.state import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from napari_sam2.state import Document, FrameMask

# From sure to doubtful, told apart with any kind of colour vision.
_STOPS = np.array([0.0, 0.5, 0.75, 1.0])
_COLOURS = np.array(
    [(190, 50, 20), (235, 140, 40), (240, 228, 120), (70, 150, 220)], float
)


class Mark(IntFlag):
    """What a cell says besides its colour."""

    NOTHING = 0
    KNOWN = 1
    PROMPTED = 2
    PAINTED = 4
    ABSENT = 8
    LOCKED = 16
    REVIEWED = 32
    DOUBTFUL = 64


@dataclass(frozen=True, slots=True, eq=False)
class StripRow:
    """One object's cells.

    Attributes
    ----------
    confidence : ndarray of float32, shape (columns,)
        0 to 1; 1 where nothing is known.
    marks : ndarray of uint8, shape (columns,)
        :class:`Mark` bits.
    """

    confidence: npt.NDArray[np.float32]
    marks: npt.NDArray[np.uint8]


def empty_row(frame_count: int) -> StripRow:
    """Return the row of an object of which nothing is known."""
    return StripRow(np.ones(frame_count, np.float32), np.zeros(frame_count, np.uint8))


def update_row(
    row: StripRow,
    document: Document,
    object_id: int,
    frames: Iterable[int],
    doubtful: frozenset[int] = frozenset(),
) -> None:
    """Write what is known about an object on some frames into its row.

    Parameters
    ----------
    row : StripRow
        Changed in place.
    document : Document
    object_id : int
    frames : iterable of int
        Which columns to write.
    doubtful : frozenset of int
        Those of the frames that deserve a look.
    """
    masks = document.masks.of_object(object_id)
    for frame in frames:
        mask = masks.get(frame)
        said = (object_id, frame) in document.prompts
        row.confidence[frame] = 1.0 if mask is None else confidence(mask)
        marks = _marks(mask, is_said=said)
        if frame in doubtful and not marks & (Mark.REVIEWED | Mark.PAINTED):
            marks |= Mark.DOUBTFUL
        row.marks[frame] = marks


def confidence(mask: FrameMask) -> float:
    """Return how sure the model is, 0 to 1: of the outline, or of the absence."""
    if mask.is_protected:
        return 1.0
    if mask.mask.is_absent:
        return float(1 / (1 + np.exp(min(30.0, mask.object_logit))))
    return float(min(1.0, max(0.0, mask.predicted_iou)))


def pooled(row: StripRow, columns: int) -> StripRow:
    """Return a row with at most ``columns`` cells: of many frames, the worst is shown.

    Parameters
    ----------
    row : StripRow
    columns : int
        1 or more.
    """
    count = len(row.marks)
    if count <= columns:
        return row
    starts = np.arange(columns) * count // columns
    return StripRow(
        np.minimum.reduceat(row.confidence, starts),
        np.bitwise_or.reduceat(row.marks, starts),
    )


def cell_colours(row: StripRow) -> npt.NDArray[np.uint8]:
    """Return the colours of the cells, (columns, 4) red, green, blue, opacity.

    Cells of which nothing is known are transparent; absence is pale.
    """
    known = (row.marks & Mark.KNOWN) > 0
    channels = [np.interp(row.confidence, _STOPS, _COLOURS[:, c]) for c in range(3)]
    colours = np.stack([*channels, np.where(known, 255.0, 0.0)], axis=-1)
    colours[(row.marks & Mark.ABSENT) > 0, 3] = 70.0
    return colours.round().astype(np.uint8)


def _marks(mask: FrameMask | None, *, is_said: bool) -> Mark:
    marks = Mark.PROMPTED if is_said else Mark.NOTHING
    if mask is None:
        return marks
    marks |= Mark.KNOWN
    if mask.origin is Origin.PAINTED:
        marks |= Mark.PAINTED
    if mask.mask.is_absent:
        marks |= Mark.ABSENT
    if mask.is_locked:
        marks |= Mark.LOCKED
    if mask.is_reviewed:
        marks |= Mark.REVIEWED
    return marks
