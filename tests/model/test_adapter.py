"""Changes are added to the weights that they name, or refused."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.core.errors import CheckpointError
from napari_sam2.model.adapter import merge

BASE = {"a.weight": torch.ones(3, 2, dtype=torch.float16), "b": torch.zeros(4)}
FACTORS = {"a.weight.up": torch.ones(3, 1), "a.weight.down": torch.ones(1, 2)}


def test_changes_are_added_and_the_base_is_left_as_it_is():
    merged = merge(BASE, {"b.delta": torch.full((4,), 0.5)}, name="x")
    assert merged["b"].tolist() == [0.5] * 4
    assert BASE["b"].tolist() == [0.0] * 4
    assert merged["a.weight"] is BASE["a.weight"]


def test_two_factors_are_multiplied():
    merged = merge(BASE, FACTORS, name="x")
    assert merged["a.weight"].dtype == torch.float32
    assert merged["a.weight"].tolist() == [[2.0, 2.0]] * 3


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "changes nothing"),
        ({"b": torch.zeros(4)}, "no change of a weight"),
        ({"c.delta": torch.zeros(4)}, "no weight c"),
        ({"b.delta": torch.zeros(5)}, "another shape"),
        ({"b.delta": torch.full((4,), float("nan"))}, "not finite"),
        ({"a.weight.up": torch.ones(3, 1)}, "not complete"),
        (FACTORS | {"a.weight.delta": torch.ones(3, 2)}, "not complete"),
        (FACTORS | {"a.weight.up": torch.ones(3, 2)}, "do not fit each other"),
        (FACTORS | {"a.weight.up": torch.ones(3)}, "do not fit each other"),
        (FACTORS | {"a.weight.up": torch.ones(4, 1)}, "another shape"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(changes, why):
    with pytest.raises(CheckpointError, match=f"The adapter x cannot .*{why}"):
        merge(BASE, changes, name="x")
