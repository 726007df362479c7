"""Weights are told from others, and not by where they are or how they are rounded."""

from __future__ import annotations

import torch

from napari_sam2.model.digest import digest_weights
from napari_sam2.model.precision import hold_in_half
from tests.miniature import seeded_model


def test_the_same_weights_are_told_alike_rounded_or_not() -> None:
    exact, held = seeded_model(), seeded_model()
    hold_in_half(held)
    assert digest_weights(exact) == digest_weights(held)


def test_every_weight_counts() -> None:
    before = digest_weights(seeded_model())
    for name in ("no_mem_embed", "sam_mask_decoder.conv_s0.weight"):
        other = seeded_model()
        with torch.no_grad():
            other.get_parameter(name).view(-1)[0] += 0.01
        assert digest_weights(other) != before
