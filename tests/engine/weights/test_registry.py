"""Names find the checkpoints that people mean."""

from __future__ import annotations

import re

import pytest

from napari_sam2.core.errors import ModelError
from napari_sam2.engine.weights import CHECKPOINTS, find_checkpoint
from napari_sam2.model.config import VARIANTS


def test_the_table_has_the_models_that_can_be_built():
    assert {c.name for c in CHECKPOINTS} == set(VARIANTS)
    for checkpoint in CHECKPOINTS:
        assert checkpoint.version == VARIANTS[checkpoint.name].version


def test_every_row_is_complete():
    for checkpoint in CHECKPOINTS:
        assert checkpoint.url.startswith("https://")
        assert checkpoint.file_name.endswith(".pt")
        assert checkpoint.size > 100_000_000
        assert checkpoint.name.endswith(checkpoint.variant)
    hashes = [c.sha256 for c in CHECKPOINTS if c.name != "sam2-base-plus"]
    assert all(re.fullmatch("[0-9a-f]{64}", sha256 or "") for sha256 in hashes)
    assert len(set(hashes)) == len(hashes)
    assert len({c.file_name for c in CHECKPOINTS}) == len(CHECKPOINTS)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS, ids=lambda c: c.name)
def test_every_usual_spelling_finds_it(checkpoint):
    stem = checkpoint.file_name.removesuffix(".pt")
    hub = "facebook/" + checkpoint.name.replace("-", "-hiera-", 1)
    for spelling in (checkpoint.name, checkpoint.file_name, stem, hub):
        assert find_checkpoint(spelling) is checkpoint
        assert find_checkpoint(f" {spelling.upper()} ") is checkpoint


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ModelError) as caught:
        find_checkpoint("sam2.1-tinny")
    message = str(caught.value)
    assert "Did you mean sam2.1-tiny?" in message
    assert "a .pt or .safetensors file" in message
    assert all(c.name in message for c in CHECKPOINTS)
    assert "nano" in message
