"""Small holes and specks go, everything else stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_sam2.engine.masks.cleanup import clean

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))
AREAS = st.integers(0, 12)


def drawn(text: str) -> np.ndarray:
    return np.array([[c == "#" for c in line] for line in text.split()])


def test_holes_up_to_the_area_are_filled() -> None:
    mask = drawn("""
        #########
        #.####..#
        ######..#
        #########
    """)
    small = clean(mask, hole_area=1, island_area=0)
    assert small.sum() == mask.sum() + 1
    assert clean(mask, hole_area=3.9, island_area=0).sum() == mask.sum() + 1
    assert clean(mask, hole_area=4, island_area=0).all()


def test_bays_are_no_holes() -> None:
    mask = drawn("###. #.#. ###. ..##")
    assert clean(mask, hole_area=99, island_area=0)[1, 1]
    mask[0, 1] = False
    np.testing.assert_array_equal(clean(mask, hole_area=99, island_area=0), mask)


def test_a_gap_at_a_corner_does_not_open_a_hole() -> None:
    mask = drawn(".##. #..# .##.")
    assert clean(mask, hole_area=2, island_area=0)[1].all()


def test_islands_below_the_area_are_removed() -> None:
    mask = drawn("""
        ####..#.
        ####....
        .....##.
    """)
    assert clean(mask, hole_area=0, island_area=2).sum() == 10
    assert clean(mask, hole_area=0, island_area=3).sum() == 8


def test_the_largest_part_stays_however_small() -> None:
    mask = drawn("##...#")
    assert clean(mask, hole_area=0, island_area=99).tolist() == [
        [True, True, False, False, False, False]
    ]


def test_parts_that_touch_at_a_corner_are_one() -> None:
    mask = drawn("#... .#.. ..#.")
    np.testing.assert_array_equal(clean(mask, hole_area=0, island_area=3), mask)


def plainly_cleaned(mask, hole_area, island_area) -> np.ndarray:
    """Return what cleaning means, part by part."""
    parts, count = ndimage.label(mask, np.ones((3, 3)))
    areas = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    mask = mask.copy()
    for part, area in enumerate(areas, 1):
        if area < island_area and part != 1 + areas.argmax():
            mask[parts == part] = False
    holes, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
    for hole in range(2, count + 1):  # the first one is what is outside
        inside = (holes == hole)[1:-1, 1:-1]
        if inside.sum() <= hole_area:
            mask[inside] = True
    return mask


@given(MASKS, AREAS, AREAS)
def test_it_is_what_going_from_part_to_part_gives(mask, hole_area, island_area) -> None:
    expected = plainly_cleaned(mask, hole_area, island_area)
    cleaned = clean(mask, hole_area=hole_area, island_area=island_area)
    np.testing.assert_array_equal(cleaned, expected)


@given(MASKS)
def test_zero_areas_change_nothing(mask) -> None:
    np.testing.assert_array_equal(clean(mask, hole_area=0, island_area=0), mask)


@given(MASKS, AREAS, AREAS)
def test_what_remains_is_clean(mask, hole_area, island_area) -> None:
    before = mask.copy()
    cleaned = clean(mask, hole_area=hole_area, island_area=island_area)
    np.testing.assert_array_equal(mask, before)
    assert cleaned.any() == mask.any()
    parts, count = ndimage.label(cleaned, np.ones((3, 3)))
    areas = np.bincount(parts.ravel())[1:]
    assert count <= 1 or hole_area or areas.min() >= island_area
    framed = np.pad(cleaned, 1)
    holes, _ = ndimage.label(~framed)
    enclosed = np.bincount(holes.ravel())[2:]
    assert not (enclosed <= hole_area)[enclosed > 0].any()


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (1, 1)])
def test_hardly_any_mask(shape) -> None:
    for mask in (np.zeros(shape, bool), np.ones(shape, bool)):
        np.testing.assert_array_equal(clean(mask, hole_area=9, island_area=9), mask)


def test_a_mask_that_is_clean_is_not_copied() -> None:
    mask = np.zeros((9, 12), bool)
    mask[2:7, 3:11] = True
    assert clean(mask, hole_area=8, island_area=8) is mask
    mask[3:6, 4:9] = False  # too large a hole to be filled
    assert clean(mask, hole_area=8, island_area=8) is mask
