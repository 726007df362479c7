"""Resizing of pictures, masks, logits and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor


def upscale(logits: Tensor, size: int) -> Tensor:
    """Resize mask logits (B, 1, h, w) to (B, 1, size, size), in float32."""
    return F.interpolate(
        logits.float(), size=(size, size), mode="bilinear", align_corners=False
    )


def resize_smoothly(image: Tensor, size: int) -> Tensor:
    """Resize (B, C, H, W) to (B, C, size, size) without aliasing.

    Not every PyTorch has this operation for Apple GPUs, so there it runs on the CPU.
    """
    if image.shape[-2:] == (size, size):
        return image
    here = image.cpu() if image.device.type == "mps" else image
    small = F.interpolate(here, size=(size, size), mode="bilinear", antialias=True)
    return small.to(image.device)


def resize_table(table: Tensor, height: int, width: int) -> Tensor:
    """Resize a learned table (1, C, h, w) bicubically, in float32.

    For Apple GPUs it runs on the CPU, as :func:`resize_smoothly` does: it is done once.
    """
    here = table.float().cpu() if table.device.type == "mps" else table.float()
    return F.interpolate(here, size=(height, width), mode="bicubic").to(table.device)
