"""Half precision without a conversion before every product."""

from __future__ import annotations

from functools import cache

import torch
from torch import nn

from napari_sam2.model.blocks import LayerNorm

_ROUNDED = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, LayerNorm)


@cache
def has_bfloat16(device: torch.device) -> bool:
    """Whether a GPU multiplies bfloat16 in units of its own.

    NVIDIA's do from Ampere on. Older ones emulate it, more slowly than they compute in
    float32, and PyTorch then has no attention that does not write its scores out.
    """
    if device.type != "cuda":
        return False
    if torch.version.hip is not None:
        return True
    return torch.cuda.get_device_capability(device) >= (8, 0)


def hold_in_half(model: nn.Module) -> None:
    """Round the weights of all products to bfloat16, once and for all.

    Autocast rounds them to the same numbers, but anew before every product: it keeps
    only what gradients are wanted of. Two more steps for each, and most of the bytes
    that a frame moves. Tables, learned tokens and the norms of the decoder's few
    tokens stay as they are.

    Parameters
    ----------
    model : nn.Module
        Is to be used within :func:`napari_sam2.engine.device.inference`, which then
        computes in bfloat16. It can no longer be trained.
    """
    for module in model.modules():
        if is_held_in_half(module):
            module.to(torch.bfloat16)


def is_held_in_half(module: nn.Module) -> bool:
    """Whether :func:`hold_in_half` rounds the weights of a module itself."""
    return isinstance(module, _ROUNDED)
