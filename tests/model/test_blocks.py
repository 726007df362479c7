"""Small modules: every way of computing them gives the same."""

from __future__ import annotations

import torch

from napari_sam2.model.blocks import LayerNorm2d


def test_normalising_planes_equals_normalising_pixels() -> None:
    torch.manual_seed(0)
    norm = LayerNorm2d(4)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    x = 3 + torch.randn(2, 4, 5, 6)
    assert (norm(x) - norm._across_planes(x)).abs().max() < 1e-5
    assert norm._across_planes(x.bfloat16()).dtype == torch.bfloat16
