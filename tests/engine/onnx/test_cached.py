"""The backend onnx for weights: exported once, and kept."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import onnxruntime
import pytest
import torch

import napari_sam2.engine.onnx.export as export
from napari_sam2.core.errors import GpuMemoryError, ModelError
from napari_sam2.engine import loading
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.onnx import cached
from napari_sam2.engine.onnx.network import OnnxNetwork
from napari_sam2.engine.weights import bundled_path, weights_sha256
from napari_sam2.model.checkpoint import read_shapes
from napari_sam2.model.description import config_of
from napari_sam2.model.sam2 import Sam2Model


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


def full(*_, **__) -> None:
    raise RuntimeError("[ONNXRuntimeError] : 1 : FAIL : CUDA failure 2: out of memory")


def test_graphs_stay_where_memory_does_not_suffice_for_them(
    written: list[str], tmp_path: Path, caplog, monkeypatch
) -> None:
    load_model("nano", backend="onnx")
    monkeypatch.setattr(onnxruntime, "InferenceSession", full)
    with pytest.raises(GpuMemoryError, match="The computer ran out of memory"):
        load_model("nano", backend="onnx", device="cpu")
    assert len(written) == 5
    assert "That is done now" not in caplog.text
    monkeypatch.undo()
    monkeypatch.setenv("NAPARI_SAM2_CACHE", str(tmp_path))
    load_model("nano", backend="onnx")  # as it was


def test_graphs_that_another_process_wrote_meanwhile_stay(
    written: list[str], tmp_path: Path, nano
) -> None:
    load_model("nano", backend="onnx")
    [folder] = (tmp_path / "onnx").iterdir()
    there = {one.name: one.stat().st_ino for one in folder.iterdir()}
    cached._export(nano, folder, weights_sha256("nano"))
    assert {one.name: one.stat().st_ino for one in folder.iterdir()} == there


@pytest.mark.parametrize("field", ["image_size", "pointer_time_span"])
def test_another_description_makes_other_graphs(
    written: list[str], nano, tmp_path: Path, monkeypatch, field
) -> None:
    made_for = []

    def load(path: Path, **_) -> Sam2Model:
        made_for.append(config_of(path, read_shapes(path)))
        return nano

    monkeypatch.setattr(loading, "load_torch_model", load)
    weights, description = tmp_path / "mine.safetensors", tmp_path / "mine.json"
    shutil.copy(bundled_path(), weights)
    shutil.copy(bundled_path().with_suffix(".json"), description)
    load_model(weights, backend="onnx")
    said = {**json.loads(description.read_text("utf-8")), field: 32}
    description.write_text(json.dumps(said), "utf-8")
    load_model(weights, backend="onnx")
    assert [getattr(one, field) for one in made_for][1:] == [32]
    load_model(weights, backend="onnx")
    assert len(made_for) == 2


def test_a_failed_export_leaves_nothing(written, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ModelError, match=r"napari-sam2\[onnx-export\]"):
        load_model("nano", backend="onnx")
    assert list((tmp_path / "onnx").iterdir()) == []
