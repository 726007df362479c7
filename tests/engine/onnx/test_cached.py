"""The backend onnx for weights: exported once, and kept."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import pytest
import torch

import napari_sam2.engine.onnx.export as export
from napari_sam2.core.errors import ModelError
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.onnx.network import OnnxNetwork
from napari_sam2.engine.weights import bundled_path


@pytest.fixture
def written(nano_onnx: Path, tmp_path: Path, monkeypatch) -> list[str]:
    """Take graphs that were written before, and note which are asked for."""
    names = []

    def copy(module, part, path) -> None:
        names.append(part.name)
        shutil.copy(nano_onnx / part.file_name, path)

    monkeypatch.setattr(export, "write_graph", copy)
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path))
    return names


def test_weights_are_exported_once(written: list[str], tmp_path: Path, caplog) -> None:
    assert isinstance(load_model("nano", backend="onnx"), OnnxNetwork)
    assert len(written) == 5
    assert "Writing nano as ONNX graphs" in caplog.text
    caplog.clear()
    load_model("nano", backend="onnx")
    assert len(written) == 5
    assert not caplog.text
    assert [one.name[:9] for one in (tmp_path / "onnx").iterdir()] == ["nano-own-"]


def test_a_file_is_not_taken_for_the_model_that_is_called_so(
    written: list[str], nano, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(nano.state_dict(), "nano")
    shutil.copy(bundled_path().with_suffix(".json"), "nano.json")
    own = hashlib.sha256(Path("nano").read_bytes()).hexdigest()
    load_model("./nano", backend="onnx")
    [folder] = (tmp_path / "onnx").iterdir()
    assert own[:16] in folder.name


def test_damaged_graphs_are_written_again(
    written: list[str], tmp_path: Path, caplog
) -> None:
    load_model("nano", backend="onnx")
    [path] = (tmp_path / "onnx").glob("*/mask_prompt.onnx")
    path.write_bytes(path.read_bytes()[:-100])
    load_model("nano", backend="onnx")
    assert len(written) == 10
    assert "mask_prompt.onnx is damaged" in caplog.text


def test_a_failed_export_leaves_nothing(written, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ModelError, match=r"napari-sam2\[onnx-export\]"):
        load_model("nano", backend="onnx")
    assert list((tmp_path / "onnx").iterdir()) == []
