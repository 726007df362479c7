"""Where what is multiplied is rounded to bfloat16."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch

from napari_sam2.model.precision import has_bfloat16, hold_in_half

if TYPE_CHECKING:
    from napari_sam2.core.quality import Quality
    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.sam2 import Sam2Model

# Narrower products move more than they multiply: `nano`, of 32 channels, lost time.
_FEWEST_CHANNELS = 64


def settle_precision(model: Sam2Model, quality: Quality) -> None:
    """Round a model's weights where :func:`is_rounded`; it is on its device already."""
    if is_rounded(model.device, model.config, quality):
        hold_in_half(model)


def is_rounded(device: torch.device, config: Sam2Config, quality: Quality) -> bool:
    """Whether a model's products are rounded to bfloat16 on a device.

    On CUDA they are wherever the GPU has bfloat16. On a processor they are where the
    quality allows it and it gains: elsewhere, bfloat16 is slower than float32 or as
    slow.

    Parameters
    ----------
    device : torch.device
    config : Sam2Config
    quality : Quality
    """
    if device.type != "cpu":
        return has_bfloat16(device)
    return quality.rounds and gains_from_rounding(config)


def gains_from_rounding(config: Sam2Config) -> bool:
    """Whether this machine's processor computes a model quicker in bfloat16."""
    return config.embed_dim >= _FEWEST_CHANNELS and has_matrix_units()


@cache
def has_matrix_units() -> bool:
    """Whether the processor multiplies matrices of bfloat16 in units of their own.

    Intel calls them AMX. Vector instructions for bfloat16 alone do not count: with them
    the released models took longer than in float32.
    """
    if not hasattr(torch.cpu, "get_capabilities"):  # an older PyTorch
        return False
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))
