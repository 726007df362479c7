"""Measures of whole objects in volumes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_sam2.evaluation.assignment import Limits, assign
from napari_sam2.evaluation.masks import true_masks
from napari_sam2.evaluation.truth import Spacing, take_census
from napari_sam2.evaluation.volumes import volume_measures
from tests.evaluation.stacks import truth_of

CUBE = np.zeros((12, 12, 20), bool)
CUBE[2:8, 2:8, 2:8] = True


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
