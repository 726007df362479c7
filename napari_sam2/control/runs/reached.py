"""Which frames a run has computed, in little memory however many they are."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Reached:
    """Ranges of frames by object, which grow as frames come one after the other.

    Parameters
    ----------
    ranges : iterable of (object_id, first, stop), optional
    """

    def __init__(self, ranges: Iterable[tuple[int, int, int]] = ()) -> None:
        self._ranges: dict[int, list[range]] = defaultdict(list)
        for object_id, first, stop in ranges:
            self._ranges[object_id].append(range(first, stop))

    @property
    def ranges(self) -> tuple[tuple[int, int, int], ...]:
        """Object, first frame, and the one after the last."""
        rows = sorted(self._ranges.items())
        return tuple((i, one.start, one.stop) for i, row in rows for one in row)

    def add(self, object_id: int, frame: int) -> None:
        """Note a frame of an object; it mostly is a neighbour of the last one."""
        row = self._ranges[object_id]
        for index in reversed(range(len(row))):
            one = row[index]
            if one.start - 1 <= frame <= one.stop:
                row[index] = range(min(one.start, frame), max(one.stop, frame + 1))
                return
        row.append(range(frame, frame + 1))
