"""Masks of a frame that are bytes, in memory or not, until somebody looks at one."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING

from napari_sam2.state.mask_bytes import mask_from_bytes, masks_to_bytes

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView
    from typing import TypeAlias

    from napari_sam2.state.masks import FrameMask
    from napari_sam2.state.spill import Spill, Stored

    Entry: TypeAlias = "FrameMask | tuple[KeptMasks, int] | None"


class KeptMasks(Mapping[int, "FrameMask | None"]):
    """What :func:`keep_masks` kept; a mask is read each time it is asked for.

    A look at one is a few microseconds, and knowing all the objects takes no look.
    """

    __slots__ = ("_ends", "_gaps", "_numbers", "_stored")

    def __init__(
        self,
        numbers: Mapping[int, int],
        gaps: frozenset[int],
        ends: array[int],
        stored: Stored,
    ) -> None:
        self._numbers = numbers
        self._gaps = gaps
        self._ends = ends
        self._stored = stored

    def __len__(self) -> int:
        """Count the objects, those without a mask as well."""
        return len(self._ends)

    def __iter__(self) -> Iterator[int]:
        """Iterate over the objects."""
        return iter(self._numbers)

    def __contains__(self, object_id: object) -> bool:
        """Whether this says something about an object."""
        return object_id in self._numbers

    def keys(self) -> KeysView[int]:
        """Return the objects as a set that is quickly compared."""
        return self._numbers.keys()

    def __getitem__(self, object_id: int) -> FrameMask | None:
        """Read the mask of an object."""
        return self.read(self._numbers[object_id])

    def items(self) -> ItemsView[int, FrameMask | None]:
        """Read all masks at once."""
        data, start = self._stored.read(), 0
        found: dict[int, FrameMask | None] = {}
        for object_id, end in zip(self._numbers, self._ends, strict=True):
            found[object_id] = mask_from_bytes(data[start:end]) if start < end else None
            start = end
        return found.items()

    def read(self, number: int) -> FrameMask | None:
        """Read the mask with a number, in the order in which they were kept."""
        start = self._ends[number - 1] if number else 0
        length = self._ends[number] - start
        return mask_from_bytes(self._stored.read(start, length)) if length else None

    def entries(self) -> dict[int, Entry]:
        """Return where the masks are, without a look at them."""
        places = zip(repeat(self), range(len(self)), strict=False)
        gaps = dict.fromkeys(self._gaps)
        return {**dict(zip(self._numbers, places, strict=True)), **gaps}

    @property
    def has_gaps(self) -> bool:
        """Whether there are objects without a mask."""
        return bool(self._gaps)

    @property
    def disk_bytes(self) -> int:
        """How many bytes are kept."""
        return len(self._stored)


class MixedMasks(Mapping[int, "FrameMask | None"]):
    """Masks of a frame of which some are kept as bytes.

    Parameters
    ----------
    entries : dict of int to FrameMask, None or (KeptMasks, int)
        By object: the mask itself, or who keeps it and under which number.
    """

    __slots__ = ("_entries",)

    def __init__(self, entries: dict[int, Entry]) -> None:
        self._entries = entries

    def __len__(self) -> int:
        """Count the objects, those without a mask as well."""
        return len(self._entries)

    def __iter__(self) -> Iterator[int]:
        """Iterate over the objects."""
        return iter(self._entries)

    def __contains__(self, object_id: object) -> bool:
        """Whether this says something about an object."""
        return object_id in self._entries

    def keys(self) -> KeysView[int]:
        """Return the objects as a set that is quickly compared."""
        return self._entries.keys()

    def __getitem__(self, object_id: int) -> FrameMask | None:
        """Return, or read, the mask of an object."""
        entry = self._entries[object_id]
        return entry[0].read(entry[1]) if isinstance(entry, tuple) else entry

    def entries(self) -> dict[int, Entry]:
        """Return the masks, or where they are, without a look at them."""
        return self._entries


def keep_masks(masks: Mapping[int, FrameMask | None], spill: Spill) -> KeptMasks:
    """Keep the masks of a frame as bytes where there is room for them."""
    data, ends = masks_to_bytes(masks.values())
    gaps = frozenset(object_id for object_id, mask in masks.items() if mask is None)
    return KeptMasks(_numbers(tuple(masks)), gaps, array("I", ends), spill.put(data))


@lru_cache(maxsize=64)
def _numbers(object_ids: tuple[int, ...]) -> dict[int, int]:
    """Count objects; most frames have the same ones, and share the numbers."""
    return {object_id: number for number, object_id in enumerate(object_ids)}
