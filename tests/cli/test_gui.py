"""``napari-sam2 gui`` says what is missing, and is offered without napari."""

from __future__ import annotations

import sys

import pytest

from napari_sam2.cli.main import build_parser, main


def test_files_may_be_named() -> None:
    args = build_parser().parse_args(["gui", "a.tif", "b.tif"])
    assert args.files == ["a.tif", "b.tif"]


def test_without_napari_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "napari", None)
    monkeypatch.delitem(sys.modules, "napari_sam2.widgets.window", raising=False)
    assert main(["gui"]) == 2
    said = capsys.readouterr().err
    assert "napari is not installed" in said
    assert 'pip install "napari-sam2[all]"' in said


def test_a_file_that_is_not_there_opens_no_window(
    tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("napari")
    pytest.importorskip("pytestqt", reason="the window needs Qt")
    assert main(["gui", str(tmp_path / "gone.tif")]) == 2
    assert "gone.tif" in capsys.readouterr().err
