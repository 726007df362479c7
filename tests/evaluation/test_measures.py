"""Overlaps, the F of DAVIS's benchmark, by hand and its own steps, and surfaces."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.evaluation.masks import joint_crop
from napari_sam2.evaluation.measures import (
    dice,
    hausdorff95,
    jaccard,
    outline_f,
    outline_pixels,
    surface,
    tolerance_pixels,
)


def test_overlap_of_two_empty_masks_is_perfect() -> None:
    nothing, something = np.zeros((4, 4), bool), np.eye(4, dtype=bool)
    assert jaccard(nothing, nothing) == dice(nothing, nothing) == 1
    assert jaccard(nothing, something) == dice(nothing, something) == 0
    assert jaccard(something, something) == dice(something, something) == 1


def test_half_of_a_mask() -> None:
    whole, half = np.ones((4, 4), bool), np.zeros((4, 4), bool)
    half[:2] = True
    assert jaccard(half, whole) == 0.5
    assert dice(half, whole) == pytest.approx(2 / 3)


def left_of(column: int, shape: tuple[int, int] = (100, 100)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[:, :column] = True
    return mask


def contour_f(found: np.ndarray, truth: np.ndarray) -> float:
    return outline_f(found, truth, tolerance_pixels(found.shape))


@pytest.mark.parametrize(
    ("shape", "pixels"),
    [((480, 854), 8), ((100, 100), 2), ((1080, 1920), 18), ((20, 20), 1)],
)
def test_the_tolerance_is_a_share_of_the_diagonal_rounded_up(shape, pixels) -> None:
    assert tolerance_pixels(shape) == pixels


def test_outlines_agree_up_to_the_tolerance_and_not_beyond() -> None:
    shape = (480, 854)
    assert contour_f(left_of(408, shape), left_of(400, shape)) == 1
    assert contour_f(left_of(409, shape), left_of(400, shape)) == 0
    assert outline_f(left_of(409, shape), left_of(400, shape), 9) == 1


def test_an_outline_that_agrees_in_part() -> None:
    truth = left_of(50)
    found = truth.copy()
    found[50:, 50:60] = True  # a step to the right, half way down
    # 50 pixels of the outline above, 10 along the step, 50 below; 2 of them near
    precision = (50 + 2) / (50 + 10 + 50)
    # and 2 pixels of the true outline below the step are near its corner
    recall = (50 + 2) / 100
    expected = 2 * precision * recall / (precision + recall)
    assert contour_f(found, truth) == pytest.approx(expected)


def test_masks_without_an_outline() -> None:
    nothing, all_of_it, half = (left_of(n) for n in (0, 100, 50))
    assert contour_f(nothing, nothing) == 1
    assert contour_f(nothing, half) == contour_f(half, nothing) == 0
    assert contour_f(all_of_it, nothing) == 1  # neither changes anywhere


def test_the_outline_lies_left_of_and_above_changes() -> None:
    mask = np.zeros((5, 5), bool)
    mask[2, 2] = True
    expected = np.zeros((5, 5), bool)
    expected[1:3, 1:3] = True
    assert np.array_equal(outline_pixels(mask), expected)


def f_by_definition(found: np.ndarray, truth: np.ndarray) -> float:
    """Compute F in the toolkit's own steps: shifted copies, a disk, counted hits."""

    def boundary(mask: np.ndarray) -> np.ndarray:
        east, south, southeast = (np.zeros_like(mask) for _ in range(3))
        east[:, :-1], south[:-1], southeast[:-1, :-1] = (
            mask[:, 1:],
            mask[1:],
            mask[1:, 1:],
        )
        edge = (mask ^ east) | (mask ^ south) | (mask ^ southeast)
        edge[-1] = mask[-1] ^ east[-1]
        edge[:, -1] = mask[:, -1] ^ south[:, -1]
        edge[-1, -1] = False
        return edge

    radius = math.ceil(0.008 * np.linalg.norm(found.shape))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disk = y**2 + x**2 <= radius**2
    ours, theirs = boundary(found), boundary(truth)
    our_hits = ours & ndimage.binary_dilation(theirs, disk)
    their_hits = theirs & ndimage.binary_dilation(ours, disk)
    if not ours.any() or not theirs.any():
        precision = recall = float(ours.any() == theirs.any())
    else:
        precision = our_hits.sum() / ours.sum()
        recall = their_hits.sum() / theirs.sum()
    both = precision + recall
    return float(2 * precision * recall / both) if both else 0.0


@given(st.data())
def test_it_is_what_the_definition_says(data) -> None:
    shape = data.draw(st.sampled_from([(40, 50), (150, 30), (7, 9)]))
    masks = [_blobs(data, shape) for _ in range(2)]
    assert contour_f(*masks) == pytest.approx(f_by_definition(*masks))


@given(st.data())
def test_a_crop_with_a_rim_gives_what_whole_frames_give(data) -> None:
    masks = [_blobs(data, (40, 50)) for _ in range(2)]
    crops = joint_crop(*map(pack_mask, masks))
    assert outline_f(*crops, tolerance_pixels((40, 50))) == contour_f(*masks)


def _blobs(data, shape: tuple[int, int]) -> np.ndarray:
    coarse = data.draw(hnp.arrays(bool, (4, 5)))
    rows, columns = (
        np.arange(n) * k // n for n, k in zip(shape, coarse.shape, strict=True)
    )
    return coarse[np.ix_(rows, columns)]


def block(shape: tuple[int, ...], *spans: slice) -> np.ndarray:
    volume = np.zeros(shape, bool)
    volume[spans] = True
    return volume


CUBE = block((12, 12, 20), slice(2, 8), slice(2, 8), slice(2, 8))


def test_the_surface_is_what_touches_the_outside() -> None:
    assert surface(CUBE).sum() == 6**3 - 4**3
    assert surface(np.ones((3, 3, 3), bool)).sum() == 26  # beyond the array, too


def test_the_same_volume_is_at_no_distance() -> None:
    assert hausdorff95(CUBE, CUBE, (1, 1, 1)) == 0


def test_distances_have_the_unit_of_the_spacing() -> None:
    moved = np.roll(CUBE, 3, axis=0)
    assert hausdorff95(moved, CUBE, (1, 1, 1)) == 3
    assert hausdorff95(moved, CUBE, (2.5, 1, 1)) == 7.5
    assert hausdorff95(moved, CUBE, (0.5, 0.1, 0.1)) == pytest.approx(1.5)


def test_the_larger_of_both_ways_counts() -> None:
    longer = block((12, 12, 20), slice(2, 8), slice(2, 8), slice(2, 18))
    assert hausdorff95(longer, CUBE, (1, 1, 1)) == hausdorff95(CUBE, longer, (1, 1, 1))
    assert hausdorff95(longer, CUBE, (1, 1, 1)) == 10


def test_a_twentieth_of_the_surface_may_be_far_away() -> None:
    line = np.zeros((1, 1, 400), bool)
    line[..., :100] = True
    few, many = line.copy(), line.copy()
    few[..., 300:304] = True
    many[..., 300:320] = True
    assert hausdorff95(few, line, (1, 1, 1)) == 0
    assert hausdorff95(many, line, (1, 1, 1)) > 200


def test_empty_volumes() -> None:
    empty = np.zeros_like(CUBE)
    assert hausdorff95(empty, empty, (1, 1, 1)) == 0
    assert math.isnan(hausdorff95(CUBE, empty, (1, 1, 1)))
    assert math.isnan(hausdorff95(empty, CUBE, (1, 1, 1)))
