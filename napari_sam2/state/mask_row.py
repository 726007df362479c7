"""The masks of one frame as values, joined and exchanged without a look at them.

Rows are never changed, so that documents, their copies and the steps of a history share
them. A run over a million masks is undone by exchanging its rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import is_not
from typing import TYPE_CHECKING, cast

from napari_sam2.state.kept_masks import KeptMasks, MixedMasks, keep_masks
from napari_sam2.state.masks import FrameMask, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.state.kept_masks import Entry
    from napari_sam2.state.masks import Place
    from napari_sam2.state.spill import Spill

_FEW = 8
_PLACE_BYTES, _MASK_BYTES = 150, 420
"""About what a place takes, and a mask whose pixels are held elsewhere."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class MaskRow:
    """What a frame holds, or is to hold, by object.

    Attributes
    ----------
    masks : mapping of int to FrameMask or None
        None where there is to be nothing.
    painted : frozenset of int
        The objects whose masks are painted.
    is_held : bool
        Whether the pixels are where the document holds them.
    """

    masks: Mapping[int, FrameMask | None] = field(default_factory=dict)
    painted: frozenset[int] = frozenset()
    is_held: bool = False

    @property
    def known(self) -> Mapping[int, FrameMask]:
        """The masks of a row without gaps, as a document has it."""
        return cast("Mapping[int, FrameMask]", self.masks)

    @property
    def is_in_memory(self) -> bool:
        """Whether any mask, rather than its bytes, is kept."""
        return bool(self.masks) and not isinstance(self.masks, KeptMasks)

    @property
    def nbytes(self) -> int:
        """About how much memory this takes, without pixels held elsewhere."""
        if not self.is_in_memory:
            return 0
        count = len(self.masks)
        if _has_gaps(self.masks):
            known = sum(one is not None for one in entries(self.masks).values())
        else:
            known = count
        return _PLACE_BYTES * count + _MASK_BYTES * known


NO_MASKS = MaskRow(is_held=True)


def make_row(masks: Mapping[int, FrameMask | None]) -> MaskRow:
    """Return masks of a frame as a row."""
    painted = frozenset(
        object_id
        for object_id, mask in masks.items()
        if mask is not None and mask.origin is Origin.PAINTED
    )
    return MaskRow(masks, painted)


def removal(object_ids: Iterable[int]) -> MaskRow:
    """Return a row that leaves nothing of some objects."""
    return MaskRow(dict.fromkeys(object_ids), is_held=True)


def joined(below: MaskRow, above: MaskRow) -> MaskRow:
    """Return what two rows say; where both say something, ``above`` holds."""
    if below.masks.keys() <= above.masks.keys():
        return above
    if not above.masks:
        return below
    masks = _known(
        {**entries(below.masks), **entries(above.masks)}, below.masks, above.masks
    )
    painted = (below.painted - above.masks.keys()) | above.painted
    return MaskRow(masks, painted, below.is_held and above.is_held)


def held(row: MaskRow, spill: Spill, *, as_bytes: bool) -> MaskRow:
    """Return a row with its pixels, and those beneath its masks, where they are kept.

    Parameters
    ----------
    row : MaskRow
    spill : Spill
        Keeps them.
    as_bytes : bool
        Whether the masks themselves may be kept as bytes, too: see :func:`compact`.
    """
    if as_bytes and not row.is_held:
        row = compact(row, spill)
    if row.is_held:
        return row
    for mask in row.masks.values():
        layer = mask
        while layer is not None:
            spill.keep(layer.mask)
            layer = layer.beneath
    return replace(row, is_held=True)


def compact(row: MaskRow, spill: Spill) -> MaskRow:
    """Return a row as bytes, unless it is so already or has few masks.

    Where there are very many, Python would pause for seconds to look whether any of
    them can be thrown away.
    """
    if len(row.masks) < _FEW or not row.is_in_memory:
        return row
    return MaskRow(keep_masks(row.masks, spill), row.painted, is_held=True)


def without_gaps(row: MaskRow) -> MaskRow:
    """Return a row without the places where there is to be nothing."""
    if not _has_gaps(row.masks):
        return row
    here: dict[int, Entry] = {
        i: one for i, one in entries(row.masks).items() if one is not None
    }
    return MaskRow(_known(here, row.masks), row.painted, row.is_held)


def replaced_by(before: MaskRow, change: MaskRow) -> MaskRow:
    """Return what takes a change back: what ``before`` has where it says something."""
    wanted = change.masks.keys()
    if before.masks.keys() == wanted:
        return before
    here = entries(before.masks)
    masks = _known({i: here.get(i) for i in wanted}, before.masks)
    return MaskRow(masks, before.painted & wanted, before.is_held)


def are_different(before: MaskRow, after: MaskRow) -> bool:
    """Whether rows about the same objects hold other masks; equal ones may count."""
    one, other = before.masks, after.masks
    if isinstance(one, dict) and isinstance(other, dict):
        return any(map(is_not, map(one.get, other), other.values()))
    return one is not other


def are_equal(one: MaskRow, other: MaskRow) -> bool:
    """Whether rows hold the same; nobody looks further than to what differs."""
    mine, its = one.masks, other.masks
    return mine is its or (
        mine.keys() == its.keys() and all(mine[i] == its[i] for i in mine)
    )


def repainted(
    before: Mapping[int, MaskRow], after: Mapping[int, MaskRow]
) -> frozenset[Place]:
    """Return where a mask prompt comes, goes or differs."""
    return frozenset(
        (object_id, frame)
        for frame, now in after.items()
        for object_id in before[frame].painted | now.painted
        if _painting(before[frame], object_id) != _painting(now, object_id)
    )


def _painting(row: MaskRow, object_id: int) -> PackedMask | None:
    mask = row.masks[object_id] if object_id in row.painted else None
    return None if mask is None else mask.mask


def entries(masks: Mapping[int, FrameMask | None]) -> dict[int, Entry]:
    """Return masks, or where they are, by object; do not change it."""
    if isinstance(masks, KeptMasks | MixedMasks):
        return masks.entries()
    return cast("dict[int, Entry]", masks)


def _known(
    here: dict[int, Entry], *sources: Mapping[int, FrameMask | None]
) -> Mapping[int, FrameMask | None]:
    """Return entries as a mapping of masks."""
    if any(isinstance(one, KeptMasks | MixedMasks) for one in sources):
        return MixedMasks(here)
    return cast("dict[int, FrameMask | None]", here)


def _has_gaps(masks: Mapping[int, FrameMask | None]) -> bool:
    if isinstance(masks, KeptMasks):
        return masks.has_gaps
    return not all(entries(masks).values())
