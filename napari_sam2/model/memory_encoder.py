"""Memory encoder: a frame's features and an object's mask become a spatial memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from napari_sam2.model.blocks import LayerNorm2d
from napari_sam2.model.linear import Linear
from napari_sam2.model.object_state import MASK_BIAS, MASK_SCALE
from napari_sam2.model.resize import upscale

if TYPE_CHECKING:
    from napari_sam2.model.config import Sam2Config


def scaled_masks(logits: Tensor, size: int, *, is_hard: bool) -> Tensor:
    """Return masks as memories are made of them.

    Parameters
    ----------
    logits : Tensor, shape (B, 1, h, w)
    size : int
        Side of the image.
    is_hard : bool
        Whether they are cut at 0, or as probable as the logits say.

    Returns
    -------
    Tensor of float32, shape (B, 1, size, size)
    """
    masks = upscale(logits, size)
    masks = (masks > 0).to(masks.dtype) if is_hard else masks.sigmoid()
    return masks.mul_(MASK_SCALE).add_(MASK_BIAS)


class MaskDownSampler(nn.Module):
    """Four convolutions of stride 2, from the image's size to the feature grid."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for _ in range(4):
            layers += [
                nn.Conv2d(channels, 4 * channels, kernel_size=3, stride=2, padding=1),
                LayerNorm2d(4 * channels),
                nn.GELU(),
            ]
            channels *= 4
        layers.append(nn.Conv2d(channels, dim, kernel_size=1))
        self.encoder = nn.Sequential(*layers)

    def forward(self, masks: Tensor) -> Tensor:
        """Map (B, 1, S, S) to (B, C, S/16, S/16)."""
        return self.encoder(masks)


class ConvNextBlock(nn.Module):
    """Depthwise 7 × 7, then a two-layer perceptron per pixel, scaled.

    Liu et al. 2022, "A ConvNet for the 2020s".
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim)
        self.norm = LayerNorm2d(dim)
        self.pwconv1 = Linear(dim, 4 * dim)
        self.pwconv2 = Linear(4 * dim, dim)
        self.gamma = nn.Parameter(torch.full((dim,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape."""
        y = self.norm(self.dwconv(x)).permute(0, 2, 3, 1)  # (B, h, w, C)
        y = self.gamma * self.pwconv2(self.pwconv1(y, "gelu"))
        return x + y.permute(0, 3, 1, 2)


class Fuser(nn.Module):
    """Two ConvNeXt blocks."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(ConvNextBlock(dim) for _ in range(2))


class MemoryEncoder(nn.Module):
    """Fuses mask and features and narrows the result."""

    def __init__(self, config: Sam2Config) -> None:
        super().__init__()
        dim = config.hidden_dim
        self.mask_downsampler = MaskDownSampler(dim)
        self.pix_feat_proj = nn.Conv2d(dim, dim, kernel_size=1)
        self.fuser = Fuser(dim)
        self.out_proj = nn.Conv2d(dim, config.memory_dim, kernel_size=1)

    def forward(self, coarse: Tensor, masks: Tensor) -> Tensor:
        """Encode masks of B objects on one frame.

        Parameters
        ----------
        coarse : Tensor, shape (1 or B, C, h, w)
            The frame's own stride-16 features, without memory.
        masks : Tensor, shape (B, 1, S, S)
            Soft or hard masks, already scaled for the encoder.

        Returns
        -------
        Tensor, shape (B, memory_dim, h, w)
        """
        x = self.pix_feat_proj(coarse) + self.mask_downsampler(masks)
        for layer in self.fuser.layers:
            x = layer(x)
        return self.out_proj(x)
