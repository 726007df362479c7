"""Small modules: every way of computing them gives the same."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from napari_sam2.model.blocks import LayerNorm2d


@pytest.mark.parametrize("channels", [4, 16])
def test_normalising_planes_equals_normalising_pixels(channels) -> None:
    torch.manual_seed(0)
    norm = LayerNorm2d(channels)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    x = 3 + torch.randn(2, channels, 5, 6)
    pixels = x.permute(0, 2, 3, 1)
    plain = F.layer_norm(pixels, (channels,), norm.weight, norm.bias, eps=1e-6)
    for found in norm(x), norm._across_planes(x):
        assert (found - plain.permute(0, 3, 1, 2)).abs().max() < 1e-5
    assert norm._across_planes(x.bfloat16()).dtype == torch.bfloat16
