"""Runs of pixels, what hangs together of them, and the holes in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_sam2.engine.masks.pixel_runs import (
    CORNERS,
    SIDES,
    framed,
    parts_of,
    runs_of,
)

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))
TOUCHES = st.sampled_from([SIDES, CORNERS])
STRUCTURES = {
    touch: ndimage.generate_binary_structure(2, touch + 1) for touch in (0, 1)
}


@given(MASKS)
def test_runs_and_gaps_are_all_pixels(mask) -> None:
    margin = framed(mask)
    runs = runs_of(margin)
    found = np.zeros(margin.size, bool)
    found[runs.pixels()] = True
    np.testing.assert_array_equal(found.reshape(margin.shape)[1:-1, :-1], mask)
    assert found.sum() == runs.lengths.sum() == mask.sum()
    found[runs.gaps().pixels()] = True
    assert found.all()
    assert runs.gaps().lengths.sum() == margin.size - mask.sum()


@given(MASKS, TOUCHES)
def test_parts_are_those_of_the_pixels(mask, touch) -> None:
    margin = framed(mask)
    runs = runs_of(margin)
    labels, count = ndimage.label(margin, STRUCTURES[touch])
    expected = labels.ravel()[runs.starts]
    firsts = parts_of(runs, touch).firsts
    assert set(zip(firsts, expected, strict=True)) == {
        (np.flatnonzero(expected == label)[0], label) for label in range(1, count + 1)
    }


@given(MASKS)
def test_holes_are_counted_without_looking_at_them(mask) -> None:
    _, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
    parts = parts_of(runs_of(framed(mask)), CORNERS)
    assert parts.hole_count == count - 1


@given(MASKS)
def test_gaps_outside_belong_to_the_first_one(mask) -> None:
    margin = framed(mask)
    gaps = runs_of(margin).gaps()
    outside = ndimage.label(np.pad(~mask, 1, constant_values=True))[0][:, 1:] == 1
    firsts = parts_of(gaps, SIDES).firsts
    np.testing.assert_array_equal(firsts == 0, outside.ravel()[gaps.starts])


def test_what_joins_only_at_its_far_end_is_one_part() -> None:
    spiral = np.ones((9, 9), bool)
    spiral[1, :8] = spiral[1:8, 7] = spiral[7, 1:8] = spiral[3:8, 1] = False
    spiral[3, 1:6] = spiral[3:6, 5] = spiral[5, 3:6] = False
    assert not parts_of(runs_of(framed(spiral)), CORNERS).firsts.any()


@pytest.mark.parametrize("teeth", [2, 3, 50])
def test_a_comb_is_one_part(teeth: int) -> None:
    comb = np.zeros((3, 2 * teeth), bool)
    comb[:2, ::2] = comb[2] = True
    assert not parts_of(runs_of(framed(comb)), SIDES).firsts.any()
