"""Overlap of two masks."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.evaluation.measures import dice, jaccard


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
