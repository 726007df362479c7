"""F as the DAVIS benchmark defines it: hand-made cases, and its own steps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from napari_sam2.core.packing import pack_mask
from napari_sam2.evaluation.masks import joint_crop
from napari_sam2.evaluation.measures import (
    contour_f,
    outline_pixels,
    tolerance_pixels,
)


def left_of(column: int, shape: tuple[int, int] = (100, 100)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[:, :column] = True
    return mask


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
    assert contour_f(left_of(409, shape), left_of(400, shape), tolerance=9) == 1


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
    assert contour_f(*crops, tolerance_pixels((40, 50))) == contour_f(*masks)


def _blobs(data, shape: tuple[int, int]) -> np.ndarray:
    coarse = data.draw(hnp.arrays(bool, (4, 5)))
    rows, columns = (
        np.arange(n) * k // n for n, k in zip(shape, coarse.shape, strict=True)
    )
    return coarse[np.ix_(rows, columns)]
