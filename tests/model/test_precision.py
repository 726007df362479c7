"""Weights that are held in half precision give what rounding them every time gives."""

from __future__ import annotations

import copy
from collections import Counter

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from napari_sam2.model import hiera
from napari_sam2.model.config import VARIANTS
from napari_sam2.model.precision import hold_in_half
from napari_sam2.model.sam2 import Sam2Model
from tests.miniature import seeded_model


class Counting(TorchDispatchMode):
    """Counts the operations that start something on a device."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if not func.is_view:
            self.seen[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))


def found(model: Sam2Model) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(1, 3, 64, 64, generator=generator)
    hw, width = model.config.grid**2, model.config.memory_dim
    spatial = torch.rand(2, 2 * hw, width, generator=generator).to(torch.bfloat16)
    pointers = torch.rand(2, 3, model.config.hidden_dim, generator=generator)
    ages = torch.tensor([0.0, 0.5, 1.0])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        features = model.encode_image(images)
        recalled = model.recall(spatial, [0, 2], pointers, ages)
        coarse = model.attend_memory(features, recalled)
        prompts = model.embed_no_prompts(2)
        state = model.decode(coarse, features, prompts, ambiguous=True)
        memory = model.encode_memory(
            features, state.logits, state.object_logits, is_prompted=False
        )
    return {**features._asdict(), "conditioned": coarse, "memory": memory}


def test_held_weights_give_what_rounded_ones_give() -> None:
    model = seeded_model()
    held = copy.deepcopy(model)
    hold_in_half(held)
    ours = found(held)
    for name, theirs in found(model).items():
        wide = theirs.float()
        apart = (ours[name].float() - wide).square().mean().sqrt()
        assert apart < 0.03 * wide.square().mean().sqrt(), name


def operations(*, held: bool, padded: bool, monkeypatch) -> int:
    monkeypatch.setattr(hiera, "prefers_padding", lambda _: padded)
    with torch.device("meta"):
        model = Sam2Model(VARIANTS["sam2.1-tiny"]).eval().requires_grad_(False)
        images = torch.zeros(1, 3, 1024, 1024)
    if held:
        hold_in_half(model)
        images = images.to(torch.bfloat16)
    with torch.inference_mode():
        model.encode_image(images)  # makes tables
        with Counting() as counting:
            model.encode_image(images)
    return counting.seen.total()


@pytest.mark.parametrize("held", [False, True])
def test_padding_takes_fewer_steps(held, monkeypatch) -> None:
    in_strips = operations(held=held, padded=False, monkeypatch=monkeypatch)
    assert operations(held=held, padded=True, monkeypatch=monkeypatch) < in_strips / 1.5


def test_padding_changes_nothing(monkeypatch) -> None:
    model = seeded_model(image_size=96)  # a grid of 6 × 6 tokens in windows of 4 × 4
    images = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        in_strips = model.encode_image(images)
        monkeypatch.setattr(hiera, "prefers_padding", lambda _: True)
        for ours, theirs in zip(model.encode_image(images), in_strips, strict=True):
            torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
