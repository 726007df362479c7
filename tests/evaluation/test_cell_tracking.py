"""SEG, DET and TRA, by the challenge's own package, on cells drawn by hand."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from napari_sam2.core.errors import MissingExtraError
from napari_sam2.evaluation.assignment import Limits, assign
from napari_sam2.evaluation.cell_tracking import (
    Reference,
    cell_tracking_measures,
    load_package,
)
from napari_sam2.evaluation.masks import true_masks
from napari_sam2.evaluation.truth import take_census
from tests.evaluation.stacks import truth_of


def measure(labels: np.ndarray, found: np.ndarray, **fields) -> dict[str, float]:
    pytest.importorskip("ctc_metrics")
    truth = truth_of(labels, **fields)
    todo = assign(truth, take_census(truth), Limits())
    true = true_masks(truth, todo.ids, todo.frames)
    answer = true_masks(truth_of(found), todo.ids, todo.frames)
    reference = Reference(true, true, truth.parents)
    both = cell_tracking_measures({"other": true, "answer": answer}, reference, todo)
    assert (both["other"]["SEG"], both["other"]["DET"]) == (1, 1)
    return both["answer"]


def cells(count: int = 6) -> np.ndarray:
    """Draw two resting cells with large numbers."""
    labels = np.zeros((count, 20, 40), np.uint32)
    labels[:, 2:12, 2:12] = 70_000
    labels[:, 6:16, 20:30] = 3
    return labels


def test_the_truth_itself_is_perfect() -> None:
    assert measure(cells(), cells()) == {"SEG": 1, "DET": 1, "TRA": 1}


def test_a_cell_that_is_lost_costs_its_vertices_and_edges() -> None:
    found = cells()
    found[3:][found[3:] == 3] = 0
    scores = measure(cells(), found)
    # 3 of 12 vertices are missing, 10 each; 3 of 10 edges, 1.5 each
    assert scores["SEG"] == pytest.approx(9 / 12)
    assert scores["DET"] == pytest.approx(1 - 3 / 12)
    assert scores["TRA"] == pytest.approx(1 - (3 * 10 + 3 * 1.5) / (12 * 10 + 10 * 1.5))


def test_too_little_of_a_mask_is_no_match() -> None:
    found = cells()
    found[:, :8][found[:, :8] == 70_000] = 0  # 4 of 10 rows: too few to match
    scores = measure(cells(), found)
    assert scores["SEG"] == pytest.approx(0.5)
    assert scores["DET"] == pytest.approx(1 - (6 * 10 + 6 * 1) / 120)


def test_a_missing_link_to_the_mother_counts() -> None:
    labels = np.zeros((4, 20, 40), np.uint8)
    labels[:2, 2:12, 2:22] = 1
    labels[2:, 2:12, 2:11] = 2
    labels[2:, 2:12, 13:22] = 3
    assert measure(labels, labels)["TRA"] == 1
    with_parents = measure(labels, labels, parents={2: 1, 3: 1})
    assert (with_parents["SEG"], with_parents["DET"]) == (1, 1)
    # 6 vertices; 3 edges within tracks and 2 from the mother, which are missing
    assert with_parents["TRA"] == pytest.approx(1 - 2 * 1.5 / (6 * 10 + 5 * 1.5))


def test_a_cell_that_comes_back_in_truth_and_answer_is_perfect() -> None:
    labels = cells()
    labels[2][labels[2] == 3] = 0
    labels[4][labels[4] == 3] = 0
    assert measure(labels, labels) == {"SEG": 1, "DET": 1, "TRA": 1}


def test_the_last_track_of_a_mother_is_the_one_that_divides() -> None:
    labels = np.zeros((6, 20, 40), np.uint8)
    labels[:4, 2:12, 2:22] = 1
    labels[2] = 0  # the mother is out of sight for a while
    labels[4:, 2:12, 2:11] = 2
    labels[4:, 2:12, 13:22] = 3
    with_parents = measure(labels, labels, parents={2: 1, 3: 1})
    # 7 vertices; 3 edges within tracks, 1 over the gap, 2 to the daughters: missing
    assert with_parents["TRA"] == pytest.approx(1 - 2 * 1.5 / (7 * 10 + 6 * 1.5))


def test_an_answer_without_any_background() -> None:
    found = np.full_like(cells(), 3)
    scores = measure(cells(), found)
    assert 0 <= scores["SEG"] < 0.5


def test_an_answer_of_nothing() -> None:
    nothing = measure(cells(), np.zeros_like(cells()))
    assert nothing == {"SEG": 0, "DET": 0, "TRA": 0}


def test_the_extra_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ctc_metrics.scripts", None)
    with pytest.raises(MissingExtraError, match=r"napari-sam2\[evaluate\]"):
        load_package()


def test_a_mask_that_goes_on_as_the_mother_is_no_daughter() -> None:
    labels = cells()
    labels[3:][labels[3:] == 3] = 4  # one daughter that looks like her mother
    found = cells()
    scores = measure(labels, found, parents={4: 3})
    # The daughter is not found on the three frames that are hers: of three objects
    # with masks on 6, 3 and 3 frames a quarter is missing.
    assert scores["SEG"] == pytest.approx(9 / 12)
    assert scores["DET"] == pytest.approx(1 - 3 / 12)
