"""What a user sets once is kept, and never in the way when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.io.preferences import (
    CONFIG_VARIABLE,
    Preferences,
    keep_preferences,
    preferences_path,
    read_preferences,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    monkeypatch.setenv(CONFIG_VARIABLE, str(folder))
    return folder


def test_what_is_kept_is_there_the_next_time() -> None:
    assert read_preferences() == Preferences()
    wanted = Preferences(model="sam2.1-tiny", window="auto", is_hint_seen=True)
    keep_preferences(wanted)
    assert read_preferences() == wanted


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "null", '{"device": 3}', '{"unknown": 1}', "\x00"]
)
def test_a_broken_file_means_the_defaults(folder: Path, text: str) -> None:
    folder.mkdir()
    preferences_path().write_text(text)
    assert read_preferences() == Preferences()


@given(st.binary(max_size=40))
def test_no_bytes_are_too_odd(content: bytes) -> None:
    preferences_path().parent.mkdir(exist_ok=True)
    preferences_path().write_bytes(content)
    assert read_preferences() == Preferences()


def test_a_truth_value_is_no_number(folder: Path) -> None:
    folder.mkdir()
    preferences_path().write_text('{"cache_mib": true, "device": "cpu"}')
    assert read_preferences() == Preferences(device="cpu")


def test_a_word_that_is_no_choice_means_the_default(folder: Path) -> None:
    folder.mkdir()
    preferences_path().write_text('{"window": "wide", "corrects_bleaching": true}')
    assert read_preferences() == Preferences(corrects_bleaching=True)


@pytest.mark.parametrize(
    "odd", ['"image_size": 333', '"cache_mib": -1', '"cache_mib": 65537']
)
def test_a_number_that_is_not_on_offer_means_the_default(folder, odd: str) -> None:
    folder.mkdir()
    preferences_path().write_text(f'{{{odd}, "device": "cpu"}}')
    assert read_preferences() == Preferences(device="cpu")


def test_a_folder_that_cannot_be_written_is_only_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv(CONFIG_VARIABLE, str(blocked))
    keep_preferences(Preferences(device="cpu"))
    assert "were not kept" in caplog.text
    assert read_preferences() == Preferences()
