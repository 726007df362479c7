"""Tokens that only fill up are seen by nobody; few numbers of memories remain."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.engine.compiled.full_bank import FullBank, Held, filled_up
from tests.miniature import MINIATURE, seeded_model

_PLACES, _PARTS = MINIATURE.grid**2, MINIATURE.hidden_dim // MINIATURE.memory_dim


@pytest.fixture(scope="module")
def model():
    return seeded_model()


def _memory(model, spatial: int, pointers: int, objects: int = 2):
    generator = torch.Generator().manual_seed(spatial * 10 + pointers)
    with torch.inference_mode():
        return model.recall(
            torch.randn(objects, spatial * _PLACES, 8, generator=generator),
            [0] * spatial,
            torch.randn(objects, pointers, 32, generator=generator),
            torch.linspace(0, 1, pointers),
        )


@pytest.mark.parametrize("is_quick", [True, False])
@pytest.mark.parametrize("held", [(1, 0), (2, 1), (3, 4)])
def test_filling_up_changes_nothing(model, held, is_quick, monkeypatch) -> None:
    if not is_quick:
        monkeypatch.setattr("napari_sam2.model.attention.is_fast", lambda x: False)
        monkeypatch.setattr("napari_sam2.model.linear.is_fast", lambda x: False)
    memory = _memory(model, *held)
    with torch.inference_mode():
        features = model.encode_image(torch.randn(1, 3, 64, 64))
        plain = model.attend_memory(features, memory)
        grown = filled_up(memory, Held(5 * _PLACES, 6 * _PARTS))
        filled = model.attend_memory(features, grown)
    assert grown.keys.shape[1] == 5 * _PLACES + 6 * _PARTS
    torch.testing.assert_close(filled, plain)


def test_only_full_banks_are_compiled_and_in_two_more_forms(model) -> None:
    bank = FullBank(MINIATURE)
    few = [_memory(model, 1 + n, 1 + n) for n in range(2)]
    full = _memory(model, 3, 4)
    assert [bank.filled(one) for one in (*few, *few)] == [None] * 4
    while bank.filled(full) is None:
        pass
    assert bank.filled(full) is full
    assert bank.filled(few[1]) is None
    sizes = {
        bank.filled(_memory(model, spatial, pointers)).keys.shape[1]
        for spatial, pointers in ((3, 2), (3, 3), (4, 5), (5, 3), (7, 8))
    }
    assert sizes == {3 * _PLACES + 4 * _PARTS, 7 * _PLACES + 8 * _PARTS}
    assert bank.filled(_memory(model, 8, 4)) is None
