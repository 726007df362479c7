"""Graphs with fewer bits, and what that does to masks."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto

import napari_sam2.engine.onnx.export as export
from napari_sam2.core.prompts import BoxPrompt
from napari_sam2.engine.loading import load_model
from napari_sam2.engine.onnx.precision import tolerance
from napari_sam2.engine.tracker import VideoTracker


@pytest.fixture(scope="module", params=["fp16", "int8"])
def precision(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def folder(precision: str, nano, nano_onnx: Path, tmp_path_factory) -> Path:
    """Return an exported model of fewer bits, made from graphs that are there."""
    folder = tmp_path_factory.mktemp(precision)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            export,
            "write_graph",
            lambda _, part, path: shutil.copy(nano_onnx / part.file_name, path),
        )
        steps = export.export_onnx(
            nano, folder, weights_sha256="0" * 64, precision=precision
        )
        for _ in steps:
            pass
    return folder


def test_files_are_smaller(precision: str, folder: Path, nano_onnx: Path) -> None:
    def size(name: str) -> float:
        return (folder / name).stat().st_size / (nano_onnx / name).stat().st_size

    assert size("image_encoder.onnx") < (0.6 if precision == "fp16" else 0.4)
    decoder = size("mask_decoder.onnx")
    assert decoder < 0.6 if precision == "fp16" else decoder == 1


def test_masks_stay(precision: str, folder: Path, nano, moving_discs) -> None:
    runs = []
    for network in (nano, load_model(folder)):
        tracker = VideoTracker(network, moving_discs[0])
        tracker.add(BoxPrompt(1, 4, (18, 24, 50, 60)))
        runs.append([one[1].mask for one in tracker.propagate()])
    for exact, rounded in zip(*runs, strict=True):
        overlap = (exact & rounded).sum() / (exact | rounded).sum()
        assert overlap > (0.99 if precision == "fp16" else 0.9)


def test_the_folder_says_how_it_computes(precision: str, folder: Path) -> None:
    words = {"fp16": "compute in float16", "int8": "multiplies 8-bit integers"}
    assert words[precision] in (folder / "README.md").read_text("utf-8")


def test_only_what_is_rounded_may_differ() -> None:
    assert tolerance("mask_decoder", "int8") == tolerance("mask_decoder", "fp32")
    assert tolerance("image_encoder", "int8") > tolerance("image_encoder", "fp16")


def test_positions_and_counts_are_not_rounded(folder: Path) -> None:
    model = onnx.load(folder / "mask_decoder.onnx")
    onnx.checker.check_model(model)
    graph = onnx.shape_inference.infer_shapes(model).graph
    types = {one.name: one.type.tensor_type.elem_type for one in graph.value_info}
    waves = [node for node in graph.node if node.op_type in ("Sin", "Cos")]
    sums = {node.output[0] for node in graph.node if node.op_type == "ReduceSum"}
    counts = [node for node in graph.node if not sums.isdisjoint(node.input)]
    assert waves
    assert counts
    assert all(types[node.input[0]] == TensorProto.FLOAT for node in waves)
    assert all(types[node.output[0]] == TensorProto.FLOAT for node in counts)
