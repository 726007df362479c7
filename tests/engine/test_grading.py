"""What a choice of quality means for the models that there are."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest
import torch

from napari_sam2.core.errors import ModelError
from napari_sam2.core.quality import BALANCED, EXACT, FAST, Quality
from napari_sam2.engine import grading, rounding
from napari_sam2.engine.grading import choose_quality
from napari_sam2.engine.loading import load_model


@pytest.mark.parametrize(
    ("model", "size", "with_units"),
    [
        ("nano", 256, 256),
        ("sam2.1-tiny", 512, 1024),
        ("sam2.1-small", 512, 1024),
        ("sam2.1-base-plus", 384, 672),
        ("sam2.1-large", 384, 512),
    ],
)
def test_a_processor_sees_frames_of_a_size_that_it_can_encode(
    model, size, with_units, monkeypatch
) -> None:
    own = 256 if model == "nano" else 1024
    for has_units, expected in ((False, size), (True, with_units)):
        monkeypatch.setattr(rounding, "has_matrix_units", lambda has=has_units: has)
        chosen = choose_quality("auto", model, device="cpu")
        assert chosen.image_size(own) == expected
    for elsewhere in ({"device": "openvino"}, {"device": "cpu", "backend": "onnx"}):
        assert choose_quality("auto", model, **elsewhere).image_size(own) == size


def test_a_gpu_sees_them_as_the_model_was_made(monkeypatch) -> None:
    for device in ("cuda:1", "mps", "directml"):  # whether it is here or not
        assert choose_quality("auto", "sam2.1-large", device=device) is EXACT
    monkeypatch.setattr(grading, "pick_device", lambda: torch.device("cuda"))
    assert choose_quality("auto", "sam2.1-large") is EXACT


CPU, CUDA, DIRECTML = (f"{name}ExecutionProvider" for name in ("CPU", "CUDA", "Dml"))


@pytest.mark.parametrize(
    ("has_cuda", "device", "providers", "is_exact"),
    [
        (False, "auto", [DIRECTML, CPU], True),
        (False, "auto", [CPU], False),
        (True, "auto", [CPU], False),
        (True, "auto", [CUDA, CPU], True),
        (True, "cuda", [CPU], False),  # which the processor steps in for
    ],
)
def test_of_graphs_onnx_runtime_says_what_computes(
    has_cuda, device, providers, is_exact, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_cuda)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: providers)
    chosen = choose_quality("auto", "sam2.1-large", device=device, backend="onnx")
    assert (chosen is EXACT) == is_exact
    assert not caplog.text  # that comes when the model is loaded


def test_a_name_needs_no_look_at_the_model() -> None:
    assert choose_quality("balanced", "no such model") is BALANCED


def test_a_model_that_is_not_there_is_told() -> None:
    with pytest.raises(ModelError, match="no such model"):
        choose_quality("auto", "no such model")


@pytest.mark.parametrize(
    ("quality", "image_size", "expected"),
    [
        (EXACT, None, 256),
        (BALANCED, None, 192),
        (FAST, None, 128),
        (FAST, 224, 224),
        (Quality("own", size_share=0.01), None, 32),
    ],
)
def test_a_quality_says_the_image_size_unless_it_is_given(
    quality, image_size, expected
) -> None:
    model = load_model("nano", device="cpu", image_size=image_size, quality=quality)
    assert model.config.image_size == expected


def test_a_path_is_not_taken_for_the_model_that_is_called_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sam2.1-large").mkdir()
    with pytest.raises(ModelError, match="is a folder"):
        choose_quality("auto", Path("sam2.1-large"), device="cpu")
