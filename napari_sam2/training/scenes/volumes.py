"""Bodies sliced along an axis: organs in a trunk, lesions in organs, bones, vessels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.training.scenes.fields import blur, noise, noise_over_time
from napari_sam2.training.scenes.parts import (
    Parts,
    at_winners,
    ellipse_shapes,
    rasterise,
)
from napari_sam2.training.scenes.scene import Scene

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.training.scenes.dice import Dice

_ORGANS = 14
_LESIONS = 6
_COUNT = _LESIONS + _ORGANS + 2  # and the body: what lies inside, and its skin


def anatomy(dice: Dice, batch: int, frames: int, size: int) -> Scene:
    """Draw nested soft bodies that grow, shrink, appear and vanish from slice to slice.

    Contrast between neighbours is often low, the field of the magnet or the beam is
    uneven, and slices may be far apart.
    """
    parts = _bodies(dice, batch, frames)
    fields = [
        noise_over_time(dice, batch, frames, size, cells, dice.uniform(batch, high=0.4))
        for cells in (5, 5, 14, 14)
    ]
    amount = dice.uniform(batch, 1, 1, 1, low=0.002, high=0.02)
    smooth = torch.stack(fields[:2], dim=-1).flatten(2, 3)
    fine = torch.stack(fields[2:], dim=-1).flatten(2, 3)
    raster = rasterise(parts, size, (smooth + 0.4 * fine) * amount, layered=True)
    level = at_winners(raster, _levels(dice, batch))
    image = torch.where(raster.covered, level, level.new_zeros(()))
    mottle = noise_over_time(dice, batch, frames, size, 40, dice.uniform(batch))
    image = image * (1 + mottle * dice.uniform(batch, 1, 1, 1, high=0.15))
    image = blur(image, dice.uniform(batch, low=0.4, high=2.0) * size / 256, 6)
    bias = 1 + noise(dice, batch, size, 2)[:, None] * dice.uniform(
        batch, 1, 1, 1, high=0.25
    )
    return Scene(image * bias, raster.labels)


def _bodies(dice: Dice, batch: int, frames: int) -> Parts:
    """Place ellipsoids and cut them; what lies deeper inside has the lower index."""
    radii = _radii(dice, batch)
    middle = dice.normal(batch, 1, 2, scale=0.06) + 0.5
    inside = dice.normal(batch, _COUNT, 2, scale=0.18).clamp(-0.36, 0.36)
    inside[:, -2:] = 0
    time = torch.arange(frames, device=dice.device)[None, :, None]
    depth = dice.uniform(batch, 1, _COUNT, low=-0.3, high=1.3) * frames
    step = dice.log_uniform(batch, 1, 1, low=4, high=60)  # frames per frame width
    tall = radii[:, None] * step * dice.log_uniform(batch, 1, _COUNT, low=0.6, high=3)
    tall = torch.cat([tall[..., :-2].clamp(min=1.5), 20 + 0 * tall[..., -2:]], dim=-1)
    rest = 1 - ((time - depth) / tall) ** 2  # (B, T, N)
    lean = dice.normal(batch, 1, _COUNT, 2, scale=0.3) * radii[:, None, :, None]
    lean = lean / tall[..., None]
    lean[:, :, -2:] = 0
    centres = (middle + inside)[:, None] + lean * (time - depth)[..., None]
    sizes = radii[:, None] * rest.clamp(min=0.02).sqrt()
    aspect = dice.log_uniform(batch, 1, _COUNT, low=1, high=2)
    aspect[..., -2:] = aspect[..., -1:].clamp(max=1.4)
    angle = dice.uniform(batch, 1, _COUNT, high=3.14)
    angle[..., -2:] = 0
    shapes = ellipse_shapes(sizes, aspect.expand_as(sizes), angle.expand_as(sizes))
    used = dice.coin(batch, 1, _COUNT, chance=0.7) & (rest > 0.02)
    used[..., -2:] = dice.coin(batch, 1, 1, chance=0.8)
    return Parts(centres, shapes, _owners(dice, batch), used)


def _radii(dice: Dice, batch: int) -> Tensor:
    """Return the radii of lesions, organs, and the body within its skin, (B, N)."""
    lesions = dice.log_uniform(batch, _LESIONS, low=0.015, high=0.07)
    organs = dice.log_uniform(batch, _ORGANS, low=0.03, high=0.2)
    body = dice.uniform(batch, 1, low=0.3, high=0.42).repeat(1, 2)
    skin = torch.tensor([0.94, 1.0], device=dice.device)
    return torch.cat([lesions, organs, body * skin], dim=1)


def _owners(dice: Dice, batch: int) -> Tensor:
    """Return the objects that parts belong to, (B, N); mostly, the body is none."""
    owners = torch.arange(1, _COUNT + 1, device=dice.device).repeat(batch, 1)
    hidden = dice.coin(batch, 1, chance=0.7)
    owners[:, -2:] = torch.where(hidden, 0, owners[:, -2:])
    return owners


def _levels(dice: Dice, batch: int) -> Tensor:
    """Return grey values of parts, (B, N): many organs look nearly alike."""
    base = dice.uniform(batch, 1, low=0.3, high=0.7)
    spread = dice.uniform(batch, 1, low=0.05, high=0.35)
    return (base + spread * dice.normal(batch, _COUNT)).clamp(min=0.02)
