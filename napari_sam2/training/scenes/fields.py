"""Smooth random fields, and blurring: what textures, warps and optics are made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.training.scenes.dice import Dice


def noise(dice: Dice, count: int, size: int, cells: int, octaves: int = 1) -> Tensor:
    """Return smooth noise with about unit variance, (count, size, size).

    Parameters
    ----------
    dice : Dice
    count : int
        Independent fields.
    size : int
        Side in pixels.
    cells : int
        Bumps along a side in the coarsest octave.
    octaves : int, optional
        Each further one has twice the cells and 0.6 times the height.
    """
    total = torch.zeros(count, 1, size, size, device=dice.device)
    power = 0.0
    for octave in range(octaves):
        knots = min(cells * 2**octave + 3, size)
        grid = dice.normal(count, 1, knots, knots)
        height = 0.6**octave
        total = total + height * _grow(grid, size)
        power += 0.5 * height**2  # interpolation between knots halves the variance
    return total[:, 0] / math.sqrt(power)


def noise_over_time(
    dice: Dice, batch: int, frames: int, size: int, cells: int, change: Tensor
) -> Tensor:
    """Return noise that changes from frame to frame, (batch, frames, size, size).

    ``change`` (batch,) is how much is new at the end of the clip: 0 stands still.
    """
    fields = noise(dice, 2 * batch, size, cells).view(2, batch, 1, size, size)
    angle = torch.linspace(0, 1, frames, device=dice.device) * (math.pi / 2)
    angle = (angle * change[:, None])[..., None, None]  # (batch, frames, 1, 1)
    return fields[0] * angle.cos() + fields[1] * angle.sin()


def _grow(grid: Tensor, size: int) -> Tensor:
    """Enlarge knots smoothly and cut away the rim, where cubic curves overshoot."""
    knots = grid.shape[-1]
    if knots >= size:
        return grid[..., :size, :size]
    wide = math.ceil(size * knots / max(1, knots - 2))
    big = F.interpolate(grid, size=(wide, wide), mode="bilinear", align_corners=True)
    start = (wide - size) // 2
    return big[..., start : start + size, start : start + size]


def blur(images: Tensor, sigma: Tensor, reach: int) -> Tensor:
    """Blur (B, T, H, W) with one Gaussian per clip.

    Parameters
    ----------
    images : Tensor, shape (B, T, H, W)
    sigma : Tensor, shape (B,)
        In pixels.
    reach : int
        Pixels beyond which kernels are cut off; about three times the largest sigma.
    """
    batch, frames, height, width = images.shape
    reach = max(1, min(reach, height - 1))
    offset = torch.arange(-reach, reach + 1, device=images.device)
    kernel = torch.exp(-0.5 * (offset / sigma.clamp(min=0.05)[:, None]) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(frames, 0)
    flat = images.reshape(1, batch * frames, height, width)
    for shape, pad in (
        ((-1, 1, 1, 2 * reach + 1), (reach, reach, 0, 0)),
        ((-1, 1, 2 * reach + 1, 1), (0, 0, reach, reach)),
    ):
        padded = F.pad(flat, pad, mode="replicate")
        flat = F.conv2d(padded, kernel.view(shape), groups=batch * frames)
    return flat.view(batch, frames, height, width)
