"""Overlap is one where labels agree, and counts what is only in one of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_sam2.cli.scoring import ious, mean_iou
from napari_sam2.core.frames.source import ArrayFrames
from tests.conftest import discs


def test_the_same_labels_agree_entirely():
    labels = ArrayFrames(discs(3, (40, 50))[1])
    assert mean_iou(labels, labels, [(0, (1, 2)), (2, (1,))]) == 1


def test_half_of_an_object_counts_half():
    true = np.zeros((4, 4), np.uint8)
    true[:2] = 1
    found = true.copy()
    found[0] = 0
    assert list(ious(found, true, [1])) == [0.5]


def test_an_object_in_one_of_them_only_counts_as_missed():
    true, found = np.zeros((2, 3, 3), np.uint8)
    true[0], found[1] = 1, 2
    assert list(ious(found, true, [1, 2, 3])) == [0, 0]


def test_nothing_to_compare_is_no_number():
    empty = ArrayFrames(np.zeros((1, 3, 3), np.uint8))
    assert math.isnan(mean_iou(empty, empty, [(0, [1])]))
    assert mean_iou(empty, empty, []) != pytest.approx(0)
