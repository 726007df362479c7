"""``napari-sam2 export-onnx``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import napari_sam2.engine.onnx.export as export


@pytest.fixture
def quick(nano_onnx: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take graphs that were written before instead of writing them again."""
    monkeypatch.setattr(
        export, "write_graph", lambda _, part, path: shutil.copy(
            nano_onnx / part.file_name, path
        ),
    )  # fmt: skip


@pytest.mark.usefixtures("quick")
def test_a_folder_is_written_and_described(cli, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    said = cli("export-onnx", "nano", folder)
    assert said.code == 0
    assert "image_encoder.onnx" in said.out
    assert f"{folder}: its README.md says how to run it." in said.out
    assert (folder / "manifest.json").is_file()


@pytest.mark.usefixtures("quick")
def test_only_a_folder_of_graphs_is_replaced(cli, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "manifest.json").write_text("old")
    words = ("export-onnx", "nano", folder)
    refused = cli(*words)
    assert refused.code == 2
    assert "add --overwrite" in refused.err
    assert cli(*words, "--overwrite").code == 0
    (folder / "thesis.docx").touch()
    refused = cli(*words, "--overwrite")
    assert refused.code == 2
    assert "thesis.docx" in refused.err


def test_a_failed_export_leaves_nothing(cli, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    said = cli("export-onnx", "nano", tmp_path / "out")
    assert said.code == 2
    assert "pip install 'napari-sam2[onnx-export]'" in said.err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_model_is_told(cli, tmp_path: Path) -> None:
    said = cli("export-onnx", "sam7", tmp_path / "out")
    assert said.code == 2
    assert "sam7" in said.err
    assert list(tmp_path.iterdir()) == []
