"""Products are rounded where that is wanted and gains, and masks hardly change."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from napari_sam2.core.prompts import PointPrompt
from napari_sam2.core.quality import BALANCED, EXACT, FAST, ROUNDED
from napari_sam2.engine import rounding
from napari_sam2.engine.device import inference
from napari_sam2.engine.loading import load_model, load_torch_model
from napari_sam2.engine.rounding import has_matrix_units, is_rounded
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.weights import resolve_weights
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.precision import hold_in_half
from tests.conftest import discs
from tests.engine.pretend_gpu import pretend_gpu
from tests.engine.test_tracker_nano import collect, iou

CPU, CUDA, MPS = (torch.device(name) for name in ("cpu", "cuda", "mps"))
TINY = VARIANTS["sam2.1-tiny"]


@pytest.fixture(params=[True, False])
def units(request, monkeypatch) -> bool:
    """Have the processor be one with units for it, or without."""
    monkeypatch.setattr(rounding, "has_matrix_units", lambda: request.param)
    return request.param


@pytest.mark.parametrize("quality", [EXACT, ROUNDED, BALANCED, FAST])
@pytest.mark.parametrize(
    ("capability", "rounds"), [((7, 5), False), ((8, 0), True), ((12, 0), True)]
)
def test_gpus_round_in_every_quality_if_they_have_bfloat16(
    quality, capability, rounds, units
) -> None:
    with pretend_gpu(capability=capability):
        assert is_rounded(CUDA, TINY, quality) == rounds
    assert not is_rounded(MPS, TINY, quality)


def test_a_gpu_without_bfloat16_computes_in_float32() -> None:
    with pretend_gpu(capability=(7, 5)):
        model = load_model("nano", device="cuda", quality=ROUNDED)
        assert model.precision == "float32"
        with inference(model):
            assert not torch.is_autocast_enabled("cuda")


def test_gpus_of_amd_have_it_whatever_they_call_themselves(monkeypatch) -> None:
    monkeypatch.setattr(torch.version, "hip", "6.4")
    with pretend_gpu(capability=(7, 0)):
        assert is_rounded(CUDA, TINY, EXACT)


def test_a_processor_rounds_where_it_is_allowed_and_has_units_for_it(units) -> None:
    assert not is_rounded(CPU, TINY, EXACT)
    for quality in (ROUNDED, BALANCED, FAST):
        assert is_rounded(CPU, TINY, quality) == units


def test_a_narrow_model_is_never_rounded_on_a_processor(nano, units) -> None:
    assert not is_rounded(CPU, nano.config, ROUNDED)


def test_pytorch_that_does_not_tell_is_taken_for_a_no(monkeypatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    has_matrix_units.cache_clear()
    assert has_matrix_units() is False
    has_matrix_units.cache_clear()


def test_what_is_tuned_or_exported_is_not_rounded(units, monkeypatch) -> None:
    monkeypatch.setattr(rounding, "_FEWEST_CHANNELS", 1)
    assert not load_torch_model(resolve_weights("nano"), device="cpu").is_half
    assert not load_model("nano", device="cpu").is_half
    assert load_model("nano", device="cpu", quality=ROUNDED).is_half == units


def test_masks_hardly_change(nano) -> None:
    held = copy.deepcopy(nano)
    hold_in_half(held)
    assert held.is_half
    assert not nano.is_half
    stack, labels = discs(6, (64, 80))
    found = []
    for model in (nano, held):
        tracker = VideoTracker(model, stack)
        for object_id, frame in ((1, 0), (2, 3)):
            y, x = np.argwhere(labels[frame] == object_id).mean(axis=0).tolist()
            tracker.add(PointPrompt(object_id, frame, (y, x)))
        found.append(collect(tracker))
    exact, rounded = found
    for frame, image in exact.items():
        for object_id in (1, 2):
            assert iou(image == object_id, rounded[frame] == object_id) > 0.95
