"""Configs say what the modules rely on, and survive being stored."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from napari_sam2.core.errors import CheckpointError
from napari_sam2.model.config import VARIANTS, Sam2Config, config_from_json
from tests.miniature import MINIATURE


@pytest.mark.parametrize(
    "config", [*VARIANTS.values(), MINIATURE], ids=lambda c: c.name
)
def test_configs_come_back_from_json(config: Sam2Config) -> None:
    assert config_from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize("size", [32, 64, 96, 256, 512, 1024])
def test_sizes_follow_from_the_image_size(size: int) -> None:
    config = MINIATURE.at_size(size)
    assert (config.grid, config.mask_size) == (size // 16, size // 4)


@pytest.mark.parametrize("size", [0, -32, 16, 100, 1000])
def test_image_sizes_are_multiples_of_32(size: int) -> None:
    with pytest.raises(ValueError, match=f"multiple of 32, not {size}"):
        MINIATURE.at_size(size)


def test_versions_2_0_and_2_1_differ_in_what_memories_say() -> None:
    newer, older = VARIANTS["sam2.1-tiny"], VARIANTS["sam2-tiny"]
    assert newer.marks_absence
    assert newer.times_pointers
    assert not older.marks_absence
    assert not older.times_pointers
    assert replace(newer, name="", version="2.0") == replace(older, name="")


@pytest.mark.parametrize(
    "change",
    [
        {"version": "3.0"},
        {"windows": (8, 5, 4, 2)},
        {"windows": (8, 4)},
        {"stages": 5},
        {"stages": (1, 2, 3)},
        {"stages": (1, 2, "three", 4)},
        {"stages": (1, 0, 2, 1)},
        {"image_size": "large"},
        {"image_size": 256.0},
        {"hidden_dim": 0},
        {"hidden_dim": 100},
        {"hidden_dim": 36},
        {"num_heads": -1},
        {"num_heads": 3},
        {"decoder_heads": 3},
        {"memory_dim": 12},
        {"memory_count": 0},
        {"pointer_time_span": 0},
        {"global_blocks": None},
        {"colour": "blue"},
    ],
    ids=str,
)
def test_descriptions_of_impossible_models_are_refused(change) -> None:
    values = json.loads(json.dumps(MINIATURE.to_json() | change))
    with pytest.raises(CheckpointError, match="model description"):
        config_from_json(values)


def test_a_description_needs_a_name() -> None:
    with pytest.raises(CheckpointError, match="unusable"):
        config_from_json({})
