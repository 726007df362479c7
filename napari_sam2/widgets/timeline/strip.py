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

    from napari_sam2.state import Document, FrameMask, Reviewer

# From sure to doubtful, told apart with any kind of colour vision.
_STOPS = np.array([0.0, 0.5, 0.75, 1.0])
_COLOURS = np.array(
    [(190, 50, 20), (235, 140, 40), (240, 228, 120), (70, 150, 220)], float
)
_ABSENT_OPACITY = 70.0


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
    FOLLOWS = 128
    """Odd in nothing, but carried on from a doubtful frame."""


# Arithmetic on an IntFlag takes many times as long as on its number.
_KNOWN, _ABSENT, _LOCKED = int(Mark.KNOWN), int(Mark.ABSENT), int(Mark.LOCKED)
_REVIEWED, _PAINTED = int(Mark.REVIEWED), int(Mark.PAINTED)
_VOUCHED_FOR = _REVIEWED | _PAINTED | _LOCKED | int(Mark.PROMPTED)


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


class Strip:
    """The rows of a document, each brought up to date only when it is looked at.

    Parameters
    ----------
    document : Document
    reviewer : Reviewer
        Asked about doubts as of its last refresh.
    """

    def __init__(self, document: Document, reviewer: Reviewer) -> None:
        self._document = document
        self._reviewer = reviewer
        self._rows: dict[int, StripRow] = {}
        self._stale: dict[int, npt.NDArray[np.bool_]] = {}
        self.follow_objects()

    @property
    def object_ids(self) -> tuple[int, ...]:
        """The objects, one per row."""
        return tuple(self._rows)

    def follow_objects(self) -> None:
        """Have a row for every object that there is."""
        count = self._document.frame_count
        wanted = self._document.objects
        for object_id in [i for i in self._rows if i not in wanted]:
            del self._rows[object_id], self._stale[object_id]
        for object_id in wanted:
            if object_id not in self._rows:
                self._rows[object_id] = empty_row(count)
                self._stale[object_id] = np.ones(count, bool)
        self._rows = {i: self._rows[i] for i in wanted}

    def distrust(self, frames: Iterable[int]) -> None:
        """Have these frames read anew when their rows are next looked at."""
        changed = np.fromiter(frames, np.intp)
        for stale in self._stale.values():
            stale[changed] = True

    def update(self, object_ids: Iterable[int], most: int, span: range) -> bool:
        """Read at most ``most`` stale cells of rows; return whether some are left.

        Parameters
        ----------
        object_ids : iterable of int
            The rows.
        most : int
        span : range
            The frames that are looked at.
        """
        left = most
        for object_id in object_ids:
            within = self._stale[object_id][span.start : span.stop]
            stale = span.start + np.flatnonzero(within)
            frames = stale[: max(0, left)]
            left -= len(stale)
            if len(frames):
                self._stale[object_id][frames] = False
                update_row(
                    self._rows[object_id],
                    self._document,
                    self._reviewer,
                    object_id,
                    frames.tolist(),
                )
        return left < 0

    def row(self, object_id: int, span: range) -> StripRow:
        """Return an object's cells on some frames as of the last update."""
        row, part = self._rows[object_id], slice(span.start, span.stop)
        return StripRow(row.confidence[part], row.marks[part])

    def worst_frame(self, object_id: int, frames: range) -> int:
        """Return the frame of a few that deserves a look most."""
        row, part = self._rows[object_id], slice(frames.start, frames.stop)
        is_doubtful = (row.marks[part] & Mark.DOUBTFUL) > 0
        return frames.start + int(np.argmin(row.confidence[part] - is_doubtful))


def empty_row(frame_count: int) -> StripRow:
    """Return the row of an object of which nothing is known."""
    return StripRow(np.ones(frame_count, np.float32), np.zeros(frame_count, np.uint8))


def update_row(
    row: StripRow,
    document: Document,
    reviewer: Reviewer,
    object_id: int,
    frames: Iterable[int],
) -> None:
    """Write what is known about an object on some frames into its row, in place."""
    masks = document.masks.of_object(object_id)
    for frame in frames:
        mask = masks.get(frame)
        marks = int(Mark.PROMPTED) if (object_id, frame) in document.prompts else 0
        if mask is None:
            row.confidence[frame], row.marks[frame] = 1.0, marks
            continue
        marks |= _marks(mask)
        doubt = reviewer.doubt(object_id, frame)
        if doubt is not None and not marks & _VOUCHED_FOR:
            marks |= int(Mark.DOUBTFUL if doubt.since is None else Mark.FOLLOWS)
        row.confidence[frame], row.marks[frame] = confidence(mask), marks


def confidence(mask: FrameMask) -> float:
    """Return how sure the model is, 0 to 1: of the outline, or of the absence."""
    if mask.is_protected:
        return 1.0
    if mask.mask.is_absent:
        return float(1 / (1 + np.exp(min(30.0, mask.object_logit))))
    return float(min(1.0, max(0.0, mask.predicted_iou)))


def pooled(row: StripRow, columns: int) -> StripRow:
    """Return a row with at most ``columns`` cells: of many frames, the worst is shown.

    A cell of many frames is absent only where the object is in none of them.

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
    marks = np.bitwise_or.reduceat(row.marks, starts)
    is_seen = (row.marks & (_KNOWN | _ABSENT)) == _KNOWN
    marks[np.logical_or.reduceat(is_seen, starts)] &= 255 - _ABSENT
    return StripRow(np.minimum.reduceat(row.confidence, starts), marks)


def cell_colours(row: StripRow) -> npt.NDArray[np.uint8]:
    """Return the colours of the cells, (columns, 4) red, green, blue, opacity.

    Cells of which nothing is known are transparent; absence is pale.
    """
    known = (row.marks & _KNOWN) > 0
    channels = [np.interp(row.confidence, _STOPS, _COLOURS[:, c]) for c in range(3)]
    colours = np.stack([*channels, np.where(known, 255.0, 0.0)], axis=-1)
    colours[(row.marks & _ABSENT) > 0, 3] = _ABSENT_OPACITY
    return colours.round().astype(np.uint8)


def _marks(mask: FrameMask) -> int:
    marks = _KNOWN
    if mask.origin is Origin.PAINTED:
        marks |= _PAINTED
    if mask.mask.is_absent:
        marks |= _ABSENT
    if mask.is_locked:
        marks |= _LOCKED
    if mask.is_reviewed:
        marks |= _REVIEWED
    return marks
