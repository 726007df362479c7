"""The table of masks is one mapping, seen by object and by frame."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.packing import pack_mask
from napari_sam2.state import FrameMask, MaskTable, Origin

PLACES = st.tuples(st.integers(1, 3), st.integers(0, 3))
MASKS = st.builds(
    lambda side, origin: FrameMask(pack_mask(np.eye(side, 4) > 0), origin, 0.5, 1.0),
    st.integers(1, 3),
    st.sampled_from(Origin),
)
PUTS = st.lists(st.tuples(PLACES, st.none() | MASKS))


@given(st.dictionaries(PLACES, MASKS), PUTS)
def test_it_is_what_was_put_last_however_one_looks(first, puts) -> None:
    table, wanted = MaskTable(first), dict(first)
    for place, mask in puts:
        table.put(place, mask)
        wanted[place] = mask
    wanted = {place: mask for place, mask in wanted.items() if mask is not None}
    assert table == wanted
    assert list(table) == sorted(wanted, key=lambda place: place[::-1])
    assert len(table) == len(wanted)
    for one in range(4):
        assert table.of_object(one) == {
            f: m for (i, f), m in wanted.items() if i == one
        }
        assert table.on_frame(one) == {i: m for (i, f), m in wanted.items() if f == one}
        painted = {
            f for f, m in table.of_object(one).items() if m.origin.name == "PAINTED"
        }
        assert table.painted_frames(one) == painted
    assert table.frames == {frame for _, frame in wanted}
    assert table.on_frames(range(2)) == {
        f: dict(table.on_frame(f)) for f in range(2) if f in table.frames
    }


@given(st.dictionaries(PLACES, MASKS), PUTS)
def test_a_copy_stays_as_it_was(first, puts) -> None:
    table = MaskTable(first)
    copy, frames = table.copy(), table.on_frames(range(4))
    for place, mask in puts:
        table.put(place, mask)
    assert copy == first
    assert copy == MaskTable(first)
    assert frames == MaskTable(first).on_frames(range(4))
    painted = {place for place, mask in first.items() if mask.origin is Origin.PAINTED}
    assert {(i, f) for i in range(4) for f in copy.painted_frames(i)} == painted
