"""Distances between surfaces, and measures of whole objects in volumes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_sam2.evaluation.assignment import Limits, assign
from napari_sam2.evaluation.masks import true_masks
from napari_sam2.evaluation.measures import hausdorff95, surface
from napari_sam2.evaluation.truth import Spacing, take_census
from napari_sam2.evaluation.volumes import volume_measures
from tests.evaluation.stacks import truth_of


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


def measure(labels: np.ndarray, found: np.ndarray, **fields) -> dict[str, float]:
    truth, answer = (truth_of(one, kind="volume", **fields) for one in (labels, found))
    todo = assign(truth, take_census(truth), Limits())
    true, masks = (true_masks(t, (1,), todo.frames) for t in (truth, answer))
    return volume_measures(masks, true, todo, 1, Spacing((2, 0.5, 0.5), "mm"))


def test_a_whole_object_is_measured_from_its_first_slice_on() -> None:
    labels = CUBE.astype(np.uint8)
    found = np.roll(labels, 1, axis=0)  # a slice late
    measures = measure(labels, found)
    assert measures["dice"] == pytest.approx(2 * 5 / 12)
    assert measures["hd95"] == 2
    found[:2] = 1  # slices before the first prompt are not looked at
    assert measure(labels, found) == measures


def test_where_slices_are_unknown_there_is_no_surface() -> None:
    labels = CUBE.astype(np.uint8)
    measures = measure(labels, labels, known=frozenset({2, 4, 6}))
    assert measures["dice"] == 1
    assert math.isnan(measures["hd95"])


def test_nothing_found() -> None:
    labels = CUBE.astype(np.uint8)
    measures = measure(labels, np.zeros_like(labels))
    assert measures["dice"] == 0
    assert math.isnan(measures["hd95"])
