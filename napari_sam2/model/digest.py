"""What tells weights from others, whatever they are called."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch

from napari_sam2.model.precision import is_held_in_half

if TYPE_CHECKING:
    from torch import Tensor, nn


def digest_weights(model: nn.Module) -> str:
    """Return a checksum of all weights, hexadecimal.

    Weights that :func:`napari_sam2.model.precision.hold_in_half` rounds count as
    rounded in any case, so that it is the same on every machine.

    Parameters
    ----------
    model : nn.Module
        On any device. Hundreds of millions of weights take a second.
    """
    rounded = {
        f"{prefix}.{name}"
        for prefix, module in model.named_modules()
        if is_held_in_half(module)
        for name in module.state_dict()
    }
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        kept = tensor.to(torch.bfloat16) if name in rounded else tensor
        digest.update(f"{name} {tuple(kept.shape)} ".encode())
        digest.update(_bytes(kept))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> memoryview:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data
