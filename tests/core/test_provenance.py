"""What made a result is said in full, and always in the same words."""

from __future__ import annotations

import json

import pytest

from napari_sam2.core import provenance
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.provenance import (
    Provenance,
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


def test_versions_name_what_computes() -> None:
    assert {"napari-sam2", "numpy", "torch"} <= software_versions().keys()


def test_versions_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = software_versions()
    looked_up: list[str] = []
    monkeypatch.setattr(provenance, "version", looked_up.append)
    software_versions().clear()  # nobody's but the caller's
    assert software_versions() == found
    assert not looked_up
