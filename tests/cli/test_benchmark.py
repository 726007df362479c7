"""``napari-sam2 benchmark``: tables, a file for programs, sentences for bad options."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from napari_sam2.benchmarking import models, peaks, reference, runs
from napari_sam2.core.errors import ModelError
from napari_sam2.core.quality import EXACT, FAST, ROUNDED
from napari_sam2.engine import rounding
from tests.miniature import MINIATURE, seeded_model

WIDE = replace(MINIATURE, embed_dim=64)  # as narrow as may be rounded
QUICK = ("--objects", "1,2", "--frames", "4")


@pytest.fixture(autouse=True)
def small_peaks() -> Iterator[None]:
    """Do not spend seconds on what the device can do."""
    side = mock.patch.dict(peaks._SIDE, cpu=64)
    copied = mock.patch.dict(peaks._COPIED_BYTES, cpu=1 << 12)
    with side, copied:
        yield


@pytest.fixture
def miniature(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a tiny model, whatever is asked for."""
    monkeypatch.setattr(models, "open_model", lambda *_, **__: (seeded_model(), True))


@pytest.mark.usefixtures("miniature")
def test_tables_and_a_file(cli, tmp_path: Path) -> None:
    path = tmp_path / "measured.json"
    said = cli("benchmark", *QUICK, "--json", path)
    assert said.code == 0
    assert said.out.startswith("miniature, exact, 64 px")
    for title in ("Parts", "A click", "Tracking", "Where the time of a frame goes"):
        assert f"\n{title}" in said.out
    assert "measuring tracking 2 objects …" in said.err
    plain = json.loads(path.read_text())
    assert [run["objects"] for run in plain["runs"]] == [1, 2]
    assert plain["model"] == "miniature"


@pytest.mark.usefixtures("miniature")
def test_a_file_that_exists_is_kept(cli, tmp_path: Path) -> None:
    path = tmp_path / "measured.json"
    path.write_text("precious")
    said = cli("benchmark", *QUICK, "--json", path)
    assert (said.code, said.out) == (2, "")
    assert "exists: add --overwrite" in said.err
    assert path.read_text() == "precious"
    assert cli("benchmark", *QUICK, "--json", path, "--overwrite").code == 0
    assert json.loads(path.read_text())["model"] == "miniature"


@pytest.mark.usefixtures("miniature")
def test_ctrl_c_shows_what_is_measured(cli, monkeypatch) -> None:
    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(runs, "warm_up_frames", interrupted)
    said = cli("benchmark", *QUICK)
    assert said.code == 130
    assert "\nA click" in said.out
    assert "\nTracking" not in said.out
    assert "the rest was not measured" in said.err


def test_a_model_that_is_not_here_gets_noise(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path))
    monkeypatch.setitem(models.VARIANTS, "sam2.1-tiny", MINIATURE)
    model, is_seeded = models.open_model("sam2.1-tiny", device="cpu", image_size=96)
    assert is_seeded
    assert model.config.image_size == 96


@pytest.mark.parametrize("has_units", [True, False])
def test_noise_is_rounded_as_the_model_in_its_place_would_be(
    monkeypatch, tmp_path: Path, has_units
) -> None:
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path))
    monkeypatch.setitem(models.VARIANTS, "sam2.1-tiny", WIDE)
    monkeypatch.setattr(rounding, "has_matrix_units", lambda: has_units)
    for quality in (EXACT, ROUNDED, FAST):
        model, is_seeded = models.open_model(
            "sam2.1-tiny", device="cpu", quality=quality
        )
        assert is_seeded
        assert model.precision == (
            "bfloat16" if quality.rounds and has_units else "float32"
        )
        assert model.config.image_size == quality.image_size(WIDE.image_size)


def test_a_model_that_is_here_is_loaded() -> None:
    model, is_seeded = models.open_model("nano", device="cpu", image_size=128)
    assert not is_seeded
    assert (model.config.name, model.config.image_size) == ("nano", 128)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--objects", "1,0"), "--objects: 0 is no whole number from 1 to 1000000"),
        (("--objects", "many"), "--objects: many is no whole number"),
        (("--against", "sam2", "--quality", "fast"), "leave out --quality fast"),
        (("--objects", ""), "--objects: nothing is no whole number"),
        (("--frames", "3"), "--frames: 3 is no whole number from 4 to 1000000"),
        (("--frames", "-2"), "--frames"),
        (("--frames", "9" * 20), "is no whole number from 4 to 1000000"),
        (("--objects", "9" * 20), "is no whole number from 1 to 1000000"),
        (("--json", "/no/such/folder/file.json"), "folder /no/such/folder does not"),
        (("--json", "cells.tif"), "--json cells.tif: the name of the file ends in"),
        (("--model", "sam9"), "sam9"),
        (("--model", "sam2.1-tiny", "--image-size", "100"), "a multiple of 32"),
        (("--image-size", "0"), "a multiple of 32"),
        (("--device", "tpu"), "'tpu' is no device"),
        (("--against", "sam3"), "sam3"),
        (("--against", "sam2"), "Meta's sam2 cannot run nano"),
        (("--against", "sam2", "--compile"), "compiled models on a GPU only"),
    ],
)
def test_bad_options_are_sentences(cli, words, sentence, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path))
    said = cli("benchmark", "--device", "cpu", *words)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.count("\n") == 1


def test_it_is_told_how_to_install_what_is_compared(monkeypatch) -> None:
    monkeypatch.setattr(reference, "is_available", lambda: False)
    model = seeded_model(name="sam2.1-tiny")
    with pytest.raises(ModelError, match=r"pip install .* sam2==1\.1\.0"):
        reference.comparable(model)
    monkeypatch.setattr(reference, "is_available", lambda: True)
    assert reference.comparable(model) is model
