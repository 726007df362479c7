"""Masks are one table, seen by object and by frame; a frame's are given away."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.state import Document, FrameMask, MaskTable, Origin, edits
from napari_sam2.state.masks import draw_labels, frame_result
from tests.state.conftest import SHAPE_HW, found, square, track

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


def test_a_frame_comes_out_as_the_engine_gives_it(document: Document) -> None:
    track(document, found(2, 1, square(3, 3), iou=0.25, logit=-1.5))
    document.apply(edits.mark_absent(document, 1, [1]))
    result = frame_result(1, document.masks.on_frame(1))
    assert result.frame == 1
    assert [one.object_id for one in result] == [1, 2]
    assert result[1].is_absent and result[1].is_prompted
    assert (result[2].predicted_iou, result[2].object_logit) == (0.25, -1.5)
    assert not result[2].is_prompted
    np.testing.assert_array_equal(result[2].mask, square(3, 3))


def test_labels_show_the_better_mask_on_top_and_what_was_painted_above_all() -> None:
    masks = {
        1: FrameMask(pack_mask(square(2, 2)), Origin.PAINTED, 0.1, 1.0),
        2: FrameMask(pack_mask(square(4, 4)), Origin.TRACKED, 0.9, 1.0),
        3: FrameMask(pack_mask(square(6, 6)), Origin.TRACKED, 0.5, 1.0),
    }
    below = np.full(SHAPE_HW, 7, np.uint16)
    expected = below.copy()
    for object_id, corner in ((3, 6), (2, 4), (1, 2)):
        expected[square(corner, corner)] = object_id
    drawn = draw_labels(below, masks)
    assert drawn is below
    np.testing.assert_array_equal(drawn, expected)
