"""From scenes to pictures as a camera and the viewer's scaling give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.training.scenes.fields import noise

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.training.scenes.dice import Dice


def photograph(dice: Dice, images: Tensor) -> Tensor:
    """Add light, bleaching and noise to grey clips, (B, T, S, S) to 0 … 1.

    The range shown is that of robust percentiles of the clip, as the engine takes them.
    """
    batch, frames, size = images.shape[:3]
    images = _stretched(images, 0.02, 0.98)
    uneven = noise(dice, batch, size, 2)[:, None] * _some(dice, batch, 0.5, 0.25)
    images = images * (1 + uneven)
    time = torch.arange(frames, device=dice.device).view(1, -1, 1, 1)
    fade = torch.exp(-time * _some(dice, batch, 0.4, 0.06))
    flicker = 1 + dice.normal(batch, frames, 1, 1) * _some(dice, batch, 0.3, 0.1)
    images = images * fade * flicker
    shot = images.clamp(min=0).sqrt() * _some(dice, batch, 0.6, 0.2)
    read = _some(dice, batch, 0.7, 0.1)
    images = images + dice.normal(*images.shape) * (shot**2 + read**2).sqrt()
    images = _stretched(images, 0.003, 0.997).clamp(0, 1)
    gamma = dice.normal(batch, 1, 1, 1, scale=0.3).exp()
    images = images.clamp(min=1e-4) ** gamma
    range_ = 1 - _some(dice, batch, 0.4, 0.6)
    images = images * range_ + (1 - range_) * dice.uniform(batch, 1, 1, 1)
    inverted = dice.coin(batch, 1, 1, 1, chance=0.15)
    return torch.where(inverted, 1 - images, images)


def film(dice: Dice, images: Tensor) -> Tensor:
    """Add light and noise to colour clips, (B, T, 3, S, S) to 0 … 1."""
    batch, frames = images.shape[:2]
    light = 1 + dice.normal(batch, frames, 1, 1, scale=0.03)[..., None]
    gain = dice.normal(batch, 1, 1, 1, 1, scale=0.2).exp()
    images = images * light * gain
    grain = _some(dice, batch, 0.5, 0.08)[..., None]
    images = images + dice.normal(*images.shape) * grain
    grey = dice.coin(batch, 1, 1, 1, 1, chance=0.15)
    return torch.where(grey, images.mean(dim=2, keepdim=True), images).clamp(0, 1)


def _some(dice: Dice, batch: int, chance: float, most: float) -> Tensor:
    """Return an amount per clip, (B, 1, 1, 1): none for some, else up to ``most``."""
    amount = dice.uniform(batch, 1, 1, 1, high=most)
    return amount * dice.coin(batch, 1, 1, 1, chance=chance)


def _stretched(images: Tensor, low: float, high: float) -> Tensor:
    """Map two percentiles of each clip to 0 and 1."""
    sample = images[..., ::4, ::4].flatten(1).sort(dim=1).values
    count = sample.shape[1]
    floor = sample[:, int(low * (count - 1))].view(-1, 1, 1, 1)
    ceiling = sample[:, int(high * (count - 1))].view(-1, 1, 1, 1)
    return (images - floor) / (ceiling - floor).clamp(min=1e-3)
