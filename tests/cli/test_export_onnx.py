"""``napari-sam2 export-onnx``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
import tifffile

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


@pytest.mark.usefixtures("quick")
def test_graphs_that_were_not_exported_here_are_never_replaced(
    cli, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("mine.onnx", "README.md"):
        (folder / name).write_text("mine")
    refused = cli("export-onnx", "nano", folder, "--overwrite")
    assert refused.code == 2
    assert "is no output of this kind" in refused.err
    assert (folder / "mine.onnx").read_text() == "mine"


def test_a_failed_export_leaves_nothing(cli, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    said = cli("export-onnx", "nano", tmp_path / "out")
    assert said.code == 2
    assert "pip install 'napari-sam2[onnx-export]'" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_a_full_disk_is_told_and_leaves_nothing(cli, tmp_path: Path, full_disk) -> None:
    full_disk(100_000)
    said = cli("export-onnx", "nano", tmp_path / "out")
    assert said.code == 2
    assert str(tmp_path / "out") in said.err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_model_is_told(cli, tmp_path: Path) -> None:
    said = cli("export-onnx", "sam7", tmp_path / "out")
    assert said.code == 2
    assert "sam7" in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_a_model_wherever_one_is_named(
    cli, nano_onnx: Path, stack: Path, tmp_path: Path
) -> None:
    labels = {}
    for name, model in (("torch", "nano"), ("onnx", nano_onnx)):
        output = tmp_path / f"{name}.tif"
        said = cli(
            "track", stack, "-o", output, "--box", "1:0,12,8,34,32", "--model", model
        )
        assert said.code == 0, said.err
        labels[name] = tifffile.imread(output)
    assert (labels["torch"] > 0).any(axis=(1, 2)).all()
    assert (labels["torch"] != labels["onnx"]).sum() <= 2
    assert "graphs      5 of ONNX opset 20" in cli("models", "info", nano_onnx).out


def test_what_was_exported_is_not_exported_again(
    cli, nano_onnx: Path, tmp_path: Path
) -> None:
    said = cli("export-onnx", nano_onnx, tmp_path / "out")
    assert said.code == 2
    assert "holds ONNX graphs already" in said.err


def test_the_name_of_a_damaged_folder_is_told(cli, stack: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    said = cli(
        "track", stack, "-o", tmp_path / "out.tif", "--point", "1:0,20,20",
        "--model", tmp_path,
    )  # fmt: skip
    assert said.code == 2
    assert "of some other program" in said.err
    assert not (tmp_path / "out.tif").exists()
