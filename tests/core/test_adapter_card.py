"""What an adapter says about itself survives its file, and nothing else is believed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from napari_sam2.core.adapter_card import (
    AdapterCard,
    BaseWeights,
    LearntStack,
    card_from_metadata,
    describe_gain,
    is_adapter,
)
from napari_sam2.core.errors import CheckpointError

CARD = AdapterCard(
    base=BaseWeights("nano", "ab" * 32),
    image_size=256,
    encoder="frozen",
    lessons=(LearntStack("cells", 23, 6, 16),),
    before=0.5,
    after=0.75,
    steps=80,
    seed=1,
    created="2025-01-01T00:00:00+00:00",
    software={"torch": "2.9"},
)
[KEY] = CARD.as_metadata()


def test_a_card_is_read_back_as_it_was_written():
    assert card_from_metadata(CARD.as_metadata(), "x") == CARD


def test_other_headers_are_no_adapters():
    assert is_adapter(CARD.as_metadata())
    assert not is_adapter({"format": "pt"})


def test_the_gain_is_told_in_numbers():
    assert describe_gain(CARD) == "J 0.500 → 0.750 on held-out frames"


@pytest.mark.parametrize(
    "change",
    [
        {"base": None}, {"base": {"name": "nano"}}, {"lessons": [{"name": 1}]},
        {"lessons": [{"name": "x", "frames": "1", "held_out": 1, "objects": 1}]},
        {"encoder": "open"}, {"before": "high"}, {"after": float("nan")},
        {"steps": 1.5}, {"software": []}, {"surplus": 1}, {"image_size": True},
    ],
)  # fmt: skip
def test_a_damaged_card_is_told_in_a_sentence(change):
    content = json.loads(CARD.as_metadata()[KEY]) | change
    with pytest.raises(CheckpointError, match=r"The adapter cells is damaged.*again\."):
        card_from_metadata({KEY: json.dumps(content)}, "cells")


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}"])
def test_a_card_that_is_none_is_told_in_a_sentence(text):
    with pytest.raises(CheckpointError, match="cannot be read"):
        card_from_metadata({KEY: text}, "cells")


def test_a_newer_format_is_not_guessed_at():
    newer = json.loads(replace(CARD).as_metadata()[KEY]) | {"version": 2}
    with pytest.raises(CheckpointError, match="another version of napari-sam2"):
        card_from_metadata({KEY: json.dumps(newer)}, "cells")
