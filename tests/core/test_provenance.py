"""What made a result is said in full, and always in the same words."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.provenance import (
    Provenance,
    describe_painting,
    describe_prompts,
    describe_settings,
    software_versions,
)
from napari_sam2.core.quality import FAST
from napari_sam2.core.recipe import Made


def test_fields_come_in_one_order() -> None:
    made = Provenance("2026-01-02", {"torch": "2", "numpy": "1"}, "nano", "ab")
    again = Provenance("2026-01-02", {"numpy": "1", "torch": "2"}, "nano", "ab")
    assert made.as_json() == again.as_json()
    assert list(json.loads(made.as_json())) == [
        "note", "created", "software", "model", "settings", "precision", "image",
        "prompts",
    ]  # fmt: skip


def test_only_settings_that_change_what_the_model_sees_are_said() -> None:
    assert describe_settings(Made("nano")) == {}
    chosen = Made(
        "nano", limits=as_limits(-160, 240), window="auto", corrects_bleaching=True,
        level=2, quality=FAST,
    )  # fmt: skip
    assert describe_settings(chosen) == {
        "quality": {
            "name": "fast", "size_share": 0.5, "recent_frames": 2, "rounds": True
        },
        "window": "auto", "bleaching": "corrected", "level": 2,
        "limits": {"low": (-160.0,), "high": (240.0,)},
    }  # fmt: skip


def test_prompts_are_described_in_full() -> None:
    said = FramePrompts(((1.5, 2.0), (3.0, 4.0)), (True, False), (0.0, 0.0, 9.0, 9.0))
    assert describe_prompts((3, 7), said) == {
        "object": 3,
        "frame": 7,
        "points": [[1.5, 2.0], [3.0, 4.0]],
        "labels": [1, 0],
        "box": [0.0, 0.0, 9.0, 9.0],
    }


def test_paintings_are_told_apart() -> None:
    one, other = np.zeros((2, 9, 11), bool)
    one[2, 3] = other[3, 2] = True
    described = describe_prompts((1, 0), FramePrompts(mask=one))
    assert described["painted_pixels"] == 1
    assert (
        described["painted_sha256"] == describe_painting(one.copy())["painted_sha256"]
    )
    assert described["painted_sha256"] != describe_painting(other)["painted_sha256"]


@pytest.mark.parametrize("shape", [(1, 1), (9, 11), (16, 8), (7, 1)])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_packed_paintings_are_described_as_whole_frames_are(shape, share) -> None:
    chance = np.random.default_rng(0)
    for _ in range(5):
        mask = chance.random(shape) < share
        assert describe_painting(pack_mask(mask)) == describe_painting(mask)


def test_a_painting_is_described_without_its_whole_frame(monkeypatch) -> None:
    packed = pack_mask(np.eye(9, dtype=bool))
    monkeypatch.setattr(PackedMask, "mask", None)
    assert describe_painting(packed)["painted_pixels"] == 9


def test_versions_name_what_computes() -> None:
    assert {"napari-sam2", "numpy", "torch"} <= software_versions().keys()
