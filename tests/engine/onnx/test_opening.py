"""Opening exported models: what works, and what is told where it does not."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import onnx
import pytest
import torch

from napari_sam2.core import quality
from napari_sam2.core.errors import (
    CheckpointError,
    DeviceError,
    GpuMemoryError,
    ModelError,
)
from napari_sam2.core.prompts import BoxPrompt, PointPrompt
from napari_sam2.core.quality import EXACT, FAST, ROUNDED, Quality, describe, of_graphs
from napari_sam2.engine import rounding
from napari_sam2.engine.device import inference
from napari_sam2.engine.grading import choose_quality
from napari_sam2.engine.loading import load_model, own_model
from napari_sam2.engine.onnx.network import OnnxNetwork
from napari_sam2.engine.onnx.providers import CPU, choose_providers
from napari_sam2.engine.onnx.session import Graph
from napari_sam2.engine.tracker import VideoTracker
from tests.engine.onnx.eager import manifest_of

RUNTIMES = ("CPU", "Dml", "CUDA", "CoreML", "OpenVINO")
BITS = {"fp32": "float32", "fp16": "float16", "int8": "int8"}


@pytest.fixture
def folder(nano_onnx: Path, tmp_path: Path) -> Path:
    """Return a folder of one's own; its files are to be replaced, not changed."""
    return shutil.copytree(nano_onnx, tmp_path / "model", copy_function=os.link)


def rewrite(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def change_manifest(folder: Path, **fields) -> None:
    path = folder / "manifest.json"
    content = {**json.loads(path.read_text("utf-8")), **fields}
    rewrite(path, json.dumps(content).encode())


def test_masks_are_those_of_pytorch(nano_onnx: Path, nano, moving_discs) -> None:
    runs = []
    for network in (nano, load_model(nano_onnx)):
        tracker = VideoTracker(network, moving_discs[0])
        tracker.add(BoxPrompt(1, 4, (18, 24, 50, 60)))
        tracker.add(PointPrompt(2, 4, (62, 88)))
        runs.append(list(tracker.propagate()))
    for theirs, ours in zip(*runs, strict=True):
        assert theirs.frame == ours.frame
        for one, other in zip(theirs, ours, strict=True):
            assert one.area > 100
            assert (one.mask != other.mask).sum() <= 2
            assert one.predicted_iou == pytest.approx(other.predicted_iou, abs=1e-3)


def test_graphs_keep_their_size_in_any_quality(nano_onnx: Path) -> None:
    assert load_model(nano_onnx, quality=FAST).config.image_size == 256
    assert choose_quality("auto", nano_onnx, device="cpu") is EXACT


def test_of_a_quality_graphs_do_what_is_left(nano_onnx: Path, monkeypatch) -> None:
    monkeypatch.setattr(quality, "_CLICK_FLOPS", 1)
    chosen = choose_quality("auto", nano_onnx, device="cpu")
    assert chosen == Quality("fast", recent_frames=2)
    own_size = "fast, with frames of the model's own image size, not rounded"
    assert describe(chosen) == own_size
    assert of_graphs(ROUNDED) is EXACT


def test_graphs_are_never_taken_for_rounded(
    nano_onnx: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounding, "has_matrix_units", lambda: True)
    monkeypatch.setattr(rounding, "_FEWEST_CHANNELS", 1)
    monkeypatch.setattr(quality, "_CLICK_FLOPS", 1e6)
    assert choose_quality("auto", nano_onnx, device="cpu") is not ROUNDED
    assert choose_quality("auto", "nano", device="cpu") is ROUNDED


def test_graphs_say_what_they_multiply_in(miniature) -> None:
    exact = manifest_of(miniature)
    networks = [OnnxNetwork(replace(exact, precision=name), {}) for name in BITS]
    assert [one.precision for one in networks] == list(BITS.values())
    assert len({one.weights_digest for one in networks}) == len(BITS)
    assert {one.is_half for one in networks} == {False}


@pytest.mark.parametrize(
    ("device", "precision"),
    [
        ("cpu", "float32"), ("directml", "float32"),
        ("cuda", None), ("coreml", None), ("openvino", None),
    ],
)  # fmt: skip
def test_what_may_round_more_than_graphs_say_does_not_say_what_it_does(
    miniature, device, precision
) -> None:
    runtimes = [f"{name}ExecutionProvider" for name in RUNTIMES]
    (provider, _), *_ = choose_providers(device, runtimes)
    graph = SimpleNamespace(provider=provider)
    assert OnnxNetwork(manifest_of(miniature), {"any": graph}).precision == precision


def test_pytorch_computes_no_layer(
    nano_onnx: Path, moving_discs, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = load_model(nano_onnx)

    def refuse(self, *args):
        raise AssertionError(f"PyTorch computes {type(self).__name__}")

    monkeypatch.setattr(torch.nn.Module, "__call__", refuse)
    tracker = VideoTracker(network, moving_discs[0][:3])
    tracker.add(BoxPrompt(1, 0, (18, 24, 50, 60)))
    assert len(list(tracker.propagate())) == 3


def test_a_folder_without_a_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a folder that napari-sam2 export-onnx"):
        load_model(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1, 2]", b'{"a": 1}'])
def test_a_manifest_of_something_else_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"manifest\.json"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"version": 99}, "newer napari-sam2"),
        ({"version": 0}, "incomplete or was changed"),
        ({"version": None}, "incomplete or was changed"),
        ({"constants": {}}, "incomplete or was changed"),
        ({"parts": {}}, "incomplete or was changed"),
        ({"precision": "fp4"}, "incomplete or was changed"),
        ({"model": {"name": "x", "layers_of_a_later_version": 3}}, "unknown field"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_told(
    folder: Path, fields: dict, reason: str
) -> None:
    change_manifest(folder, **fields)
    with pytest.raises(CheckpointError, match=reason):
        load_model(folder)


def test_files_outside_the_folder_are_refused(folder: Path) -> None:
    content = json.loads((folder / "manifest.json").read_text("utf-8"))
    content["parts"]["mask_prompt"]["file"] = "../mask_prompt.onnx"
    change_manifest(folder, **content)
    with pytest.raises(CheckpointError, match="incomplete or was changed"):
        load_model(folder)


def test_one_part_of_a_model_is_told(nano_onnx: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"is one part of .*give .*{nano_onnx.name}"):
        load_model(nano_onnx / "image_encoder.onnx")
    (tmp_path / "other.onnx").touch()
    with pytest.raises(ModelError, match=r"a folder that napari-sam2 export-onnx"):
        load_model(tmp_path / "other.onnx")


def test_a_model_is_described_without_reading_its_graphs(folder: Path) -> None:
    (folder / "image_encoder.onnx").unlink()
    assert own_model(folder).config.name == "nano"


def test_a_missing_graph_is_told(folder: Path) -> None:
    (folder / "mask_decoder.onnx").unlink()
    with pytest.raises(CheckpointError, match=r"mask_decoder\.onnx.*cannot be read"):
        load_model(folder)


def test_a_truncated_graph_is_told(folder: Path) -> None:
    path = folder / "image_encoder.onnx"
    rewrite(path, path.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match=r"image_encoder\.onnx is damaged"):
        load_model(folder)


def test_a_graph_from_the_future_is_told(folder: Path) -> None:
    import onnxruntime

    path = folder / "mask_prompt.onnx"
    graph = onnx.load(path)
    graph.opset_import[0].version = 99
    rewrite(path, graph.SerializeToString())
    with pytest.raises(CheckpointError, match="newer ONNX than onnxruntime"):
        Graph(onnxruntime, path, [(CPU, {})])


def test_something_that_is_no_graph_is_told(tmp_path: Path) -> None:
    import onnxruntime

    (tmp_path / "notes.onnx").write_text("These are my notes.")
    with pytest.raises(CheckpointError, match=r"cannot load .*notes\.onnx"):
        Graph(onnxruntime, tmp_path / "notes.onnx", [(CPU, {})])


def test_another_image_size_is_told(nano_onnx: Path) -> None:
    assert load_model(nano_onnx, image_size=256).config.image_size == 256
    with pytest.raises(CheckpointError, match="--image-size 512"):
        load_model(nano_onnx, image_size=512)


def test_pytorch_does_not_run_graphs(nano_onnx: Path) -> None:
    with pytest.raises(ModelError, match="PyTorch does not run"):
        load_model(nano_onnx, backend="torch")


def test_a_missing_runtime_is_told(nano_onnx: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"napari-sam2\[onnx\]"):
        load_model(nano_onnx)


@pytest.mark.parametrize(
    ("provider", "words", "whose"),
    [
        (CPU, "Failed to allocate memory for requested buffer", "computer"),
        (CPU, "std::bad_alloc", "computer"),
        ("CUDAExecutionProvider", "Failed to allocate memory for a buffer", "GPU"),
        ("CUDAExecutionProvider", "CUDA failure 2: out of memory", "GPU"),
        ("DmlExecutionProvider", "std::bad_alloc", "computer"),
    ],
)
def test_it_is_told_whose_memory_does_not_suffice(
    nano_onnx: Path, provider: str, words: str, whose: str
) -> None:
    network = load_model(nano_onnx, device="cpu")

    class Full:
        def run(self, *_):
            raise RuntimeError(words)

        def get_providers(self):
            return [provider]

    network._graphs["image_encoder"]._session = Full()
    with (
        pytest.raises(GpuMemoryError, match=f"^The {whose} ran out of memory"),
        inference(network),
    ):
        network.encode_image(torch.zeros(1, 3, 256, 256))


def test_too_little_memory_for_a_graph_is_no_damage(nano_onnx: Path, monkeypatch):
    import onnxruntime

    def full(*_, **__):
        raise RuntimeError("Exception during initialization: std::bad_alloc")

    monkeypatch.setattr(onnxruntime, "InferenceSession", full)
    with pytest.raises(GpuMemoryError, match=r"^The computer ran out of memory"):
        load_model(nano_onnx, device="cpu")


def test_a_failing_runtime_is_told(nano_onnx: Path) -> None:
    network = load_model(nano_onnx)
    with pytest.raises(ModelError, match=r"could not compute image_encoder\.onnx"):
        network.encode_image(torch.zeros(1, 3, 64, 64))


AVAILABLE = ["CUDAExecutionProvider", "CoreMLExecutionProvider", CPU]


@pytest.mark.parametrize(
    ("device", "chosen"),
    [
        ("auto", [("CUDAExecutionProvider", {}), (CPU, {})]),
        ("cpu", [(CPU, {})]),
        ("cuda:1", [("CUDAExecutionProvider", {"device_id": 1}), (CPU, {})]),
        ("mps", [("CoreMLExecutionProvider", {}), (CPU, {})]),
        ("coreml", [("CoreMLExecutionProvider", {}), (CPU, {})]),
    ],
)
def test_devices_are_providers(device: str, chosen: list) -> None:
    assert choose_providers(device, AVAILABLE) == chosen


def test_what_may_round_is_not_chosen_by_itself() -> None:
    assert choose_providers("auto", ["CoreMLExecutionProvider", CPU]) == [(CPU, {})]


def test_a_provider_that_is_not_there_is_replaced_with_a_notice(caplog) -> None:
    assert choose_providers("directml", AVAILABLE) == [(CPU, {})]
    assert "cannot compute on directml: the processor does it" in caplog.text


def test_a_provider_that_does_not_start_is_told(nano_onnx: Path, caplog, monkeypatch):
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: AVAILABLE)
    network = load_model(nano_onnx, device="cuda")
    assert "cannot compute on cuda: the processor does it" in caplog.text
    network.encode_image(torch.zeros(1, 3, 256, 256))


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "cpu:"])
def test_an_unknown_device_is_told(device: str) -> None:
    with pytest.raises(DeviceError, match="is no device of ONNX Runtime"):
        choose_providers(device, AVAILABLE)
