"""Statistics over frames, as the DAVIS toolkit has them."""

from __future__ import annotations

import math

import pytest

from napari_sam2.evaluation.means import decay, mean, recall


def test_what_is_no_number_does_not_count() -> None:
    assert mean([0.5, math.nan, 1.0]) == 0.75
    assert math.isnan(mean([]))


def test_recall_is_the_share_above_a_half() -> None:
    assert recall([0.5, 0.6, 0.2, 0.9]) == 0.5
    assert math.isnan(recall([]))


def test_decay_is_the_first_quarter_less_the_last() -> None:
    # quarters of nine values begin at 0, 2, 4 and 6, and share the values between
    values = [0.9, 0.8, 0.7, 0.5, 0.5, 0.5, 0.3, 0.2, 0.1]
    assert decay(values) == pytest.approx(0.8 - 0.2)
    assert decay([0.4]) == 0
    assert math.isnan(decay([]))
