"""Adapters load where models do, and only onto the base that they were made for."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from napari_sam2 import load_model
from napari_sam2.core.adapter_card import BaseWeights
from napari_sam2.core.errors import CheckpointError, ModelError
from napari_sam2.engine import weights
from tests.core.test_adapter_card import CARD

NAME = "no_obj_ptr"


@pytest.fixture
def card():
    """Return the card of an adapter of the bundled model."""
    base = BaseWeights("nano", weights.weights_sha256("nano"))
    return replace(CARD, base=base, image_size=128)


@pytest.fixture
def write(tmp_path, card):
    """Write adapters with other cards and changes."""

    def write(changes=None, card=card, name="my.adapter.safetensors"):
        path = tmp_path / name
        changes = changes or {f"{NAME}.delta": torch.full((1, 128), 0.5)}
        save_file(changes, path, card.as_metadata())
        return path

    return write


def test_an_adapter_is_merged_when_it_is_loaded(write, nano):
    tuned = load_model(write())
    changed = {
        name
        for name, tensor in tuned.state_dict().items()
        if not torch.equal(tensor, nano.state_dict()[name])
    }
    assert changed == {NAME}
    assert torch.equal(tuned.no_obj_ptr, nano.no_obj_ptr + 0.5)
    assert not any(parameter.requires_grad for parameter in tuned.parameters())


def test_it_sees_pictures_of_the_size_that_it_learnt_from(write):
    assert load_model(write()).config.image_size == 128
    assert load_model(str(write()), image_size=64).config.image_size == 64


def test_its_card_is_read_without_its_weights(write, card):
    path = write()
    assert weights.read_card(path) == card
    assert weights.base_of(str(path)) == card.base
    assert weights.read_card(weights.bundled_path()) is None
    assert weights.base_of("nano") is None


def test_another_base_of_the_same_name_is_refused(write, card):
    path = write(card=replace(card, base=BaseWeights("nano", "ab" * 32)))
    with pytest.raises(CheckpointError, match=r"made for other weights called nano"):
        load_model(path)


def test_a_base_that_is_not_here_is_told(write, card, tmp_path, monkeypatch):
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "none"))
    path = write(card=replace(card, base=BaseWeights("sam2.1-tiny", "ab" * 32)))
    expected = r"my\.adapter\.safetensors changes the model sam2\.1-tiny, .*download"
    with pytest.raises(ModelError, match=expected):
        load_model(path)


def test_a_base_that_was_moved_is_found_beside_the_adapter(write, card, tmp_path):
    for ending in (".safetensors", ".json"):
        source = weights.bundled_path().with_suffix(ending)
        shutil.copy(source, tmp_path / f"own{ending}")
    base = BaseWeights(str(tmp_path / "away" / "own.safetensors"), card.base.sha256)
    assert load_model(write(card=replace(card, base=base))).config.name == "nano"


def test_a_truncated_adapter_is_told(write):
    path = write()
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(CheckpointError, match=r"adapter .* is damaged .* tune again"):
        load_model(path)


def test_an_adapter_whose_changes_do_not_fit_is_told(write):
    path = write({f"{NAME}.delta": torch.zeros(1, 3)})
    with pytest.raises(CheckpointError, match=r"cannot be used: .* another shape"):
        load_model(path)


def test_adapters_of_the_user_are_listed(write, tmp_path, monkeypatch):
    monkeypatch.setenv(weights.ADAPTERS_VARIABLE, str(tmp_path))
    write(name="b.adapter.safetensors")
    write(name="a.adapter.safetensors")
    (tmp_path / "other.safetensors").touch()
    assert [path.name[0] for path in weights.known_adapters()] == ["a", "b"]
