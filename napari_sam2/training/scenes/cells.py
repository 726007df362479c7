"""Cells: fluorescent or in phase contrast, as time-lapses or slices of a volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from napari_sam2.training.scenes.fields import blur, noise, noise_over_time
from napari_sam2.training.scenes.motion import crowd, lifetimes, pulse, wander
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
    from napari_sam2.training.scenes.parts import Raster

_COUNT = 28  # cells before any divides
_PAIRS = 4  # of them may divide


class _Crowd(NamedTuple):
    parts: Parts
    radius: Tensor  # (B,) typical, in frame widths


def fluorescence(dice: Dice, batch: int, frames: int, size: int) -> Scene:
    """Draw bright nuclei or cells on a dark ground: touching, dividing, dim, textured.

    Half of the clips are slices of a volume, in which cells grow and shrink.
    """
    crowd_ = _crowd(dice, batch, frames, rods=False, tall=dice.coin(batch))
    raster, irregular = _raster(dice, crowd_, size)
    level = at_winners(raster, dice.normal(batch, crowd_.parts.owners.shape[1]))
    spread = dice.uniform(batch, 1, 1, 1, low=0.1, high=0.6)
    level = (level * spread).exp() * _flat_or_domed(dice, raster)
    cells = torch.where(raster.covered, level * irregular, level.new_zeros(()))
    cells = blur(cells, dice.uniform(batch, low=0.3, high=1.6) * size / 256, 5)
    glow = blur(cells, dice.uniform(batch, low=2, high=8) * size / 256, 12)
    haze = noise(dice, batch, size, 4, 3)[:, None] * dice.uniform(
        batch, 1, 1, 1, high=0.06
    )
    dark = dice.uniform(batch, 1, 1, 1, high=0.3)
    glow = glow * dice.uniform(batch, 1, 1, 1, high=0.3)
    return Scene(cells + glow + dark + haze, raster.labels)


def phase_contrast(dice: Dice, batch: int, frames: int, size: int) -> Scene:
    """Draw rods or cells that are dark, or bright, with a halo, in dense colonies."""
    rods = dice.fraction() < 0.6
    flat = torch.zeros(batch, dtype=torch.bool, device=dice.device)
    crowd_ = _crowd(dice, batch, frames, rods=rods, tall=flat)
    raster, irregular = _raster(dice, crowd_, size)
    body = raster.covered.float()
    sharp = blur(body, dice.uniform(batch, low=0.3, high=1.2) * size / 256, 4)
    near = (crowd_.radius * size * dice.uniform(batch, low=0.15, high=0.5)).clamp(0.6)
    halo = blur(body, near.clamp(max=6), 16) - sharp
    outline = torch.exp(-((raster.gap.clamp(min=0) * 5) ** 2)) * body
    level = at_winners(raster, dice.normal(batch, crowd_.parts.owners.shape[1]))
    sign = torch.where(dice.coin(batch, 1, 1, 1, chance=0.8), -1.0, 1.0)
    depth = dice.uniform(batch, 1, 1, 1, low=0.0, high=0.5) * (1 + 0.15 * level)
    image = sign * sharp * depth * irregular
    image = image - sign * halo * dice.uniform(batch, 1, 1, 1, low=0.2, high=1.0)
    image = image - sign * 0.4 * outline * dice.uniform(batch, 1, 1, 1)
    ground = noise(dice, batch, size, 6, 4)[:, None]
    return Scene(image + ground * dice.uniform(batch, 1, 1, 1, high=0.1), raster.labels)


def _crowd(dice: Dice, batch: int, frames: int, *, rods: bool, tall: Tensor) -> _Crowd:
    """Place cells and their daughters; ``tall`` clips are cut along z instead."""
    count = _COUNT
    radius = dice.log_uniform(batch, low=0.016, high=0.16)
    radii = radius[:, None] * dice.normal(batch, count, scale=0.2).exp()
    aspect = _aspects(dice, batch, rods=rods)
    density = dice.uniform(batch, low=0.35, high=1.6)
    spread = (radius * (3.1 * count / density).sqrt()).clamp(max=1.3)
    places = crowd(dice, batch, count, spread, radii * 0.95)
    speed = radius * dice.log_uniform(batch, low=0.02, high=0.7)
    centres = places[:, None] + wander(dice, batch, frames, count, speed)
    turned = _angles(dice, batch, frames)
    sizes = radii[:, None] * pulse(dice, batch, frames, count, 0.15)
    there = lifetimes(dice, batch, frames, count, 0.05)
    cut, inside = _slices(dice, batch, frames, count)
    sizes = torch.where(tall[:, None, None], sizes * cut, sizes)
    there = there & (inside | ~tall[:, None, None])
    crowd_ = Parts(
        centres,
        ellipse_shapes(sizes, aspect[:, None].expand_as(sizes), turned),
        torch.arange(1, count + 1, device=dice.device).expand(batch, -1),
        there,
    )
    divided = _divided(dice, crowd_, sizes, aspect, turned, ~tall)
    return _Crowd(divided, radius)


def _aspects(dice: Dice, batch: int, *, rods: bool) -> Tensor:
    """Return how much longer cells are than wide, (B, N)."""
    aspect = dice.uniform(batch, 1, low=1.0, high=1.6)
    if rods:
        aspect = dice.uniform(batch, 1, low=1.8, high=4.5)
    return (aspect * dice.normal(batch, _COUNT, scale=0.15).exp()).clamp(min=1.0)


def _angles(dice: Dice, batch: int, frames: int) -> Tensor:
    """Return which way cells lie, more or less as their neighbours do, (B, T, N)."""
    common = dice.uniform(batch, 1, high=6.28)
    angle = common + dice.normal(batch, _COUNT) * dice.uniform(batch, 1, high=1.5)
    turn = wander(dice, batch, frames, _COUNT, dice.uniform(batch, high=0.1))
    return angle[:, None] + turn[..., 0]


def _slices(dice: Dice, batch: int, frames: int, count: int) -> tuple[Tensor, Tensor]:
    """Return how wide spheres are in each slice, and where they are cut at all."""
    time = torch.arange(frames, device=dice.device)[None, :, None]
    height = dice.log_uniform(batch, 1, 1, low=3, high=20)
    height = height * dice.normal(batch, 1, count, scale=0.2).exp()
    middle = dice.uniform(batch, 1, count, low=-0.5, high=1.5) * frames
    rest = 1 - ((time - middle) / height) ** 2
    return rest.clamp(min=0.01).sqrt(), rest > 0.01


def _divided(
    dice: Dice, parts: Parts, sizes: Tensor, aspect: Tensor, angle: Tensor, can: Tensor
) -> Parts:
    """Replace the first few cells of some clips by two daughters each."""
    batch, frames, count = parts.present.shape
    moment = dice.integers(batch, 1, _PAIRS, low=1, high=max(2, frames))
    time = torch.arange(frames, device=dice.device)[None, :, None]
    divides = can[:, None, None] & dice.coin(batch, 1, _PAIRS, chance=0.5)
    after = divides & (time >= moment)  # (B, T, pairs)
    mother, width, turn = (
        parts.centres[:, :, :_PAIRS], sizes[..., :_PAIRS], angle[..., :_PAIRS],
    )  # fmt: skip
    stretch = aspect[:, None, :_PAIRS].expand_as(width)
    axis = torch.stack([turn.cos(), turn.sin()], dim=-1)
    reach = 0.55 * width * stretch.sqrt() * (1 + 0.12 * (time - moment).clamp(min=0))
    daughters = [mother + sign * axis * reach[..., None] for sign in (-1, 1)]
    shape = ellipse_shapes(0.75 * width, (0.6 * stretch).clamp(min=1.0), turn)
    alive = parts.present[..., :_PAIRS]
    mothers = torch.cat([alive & ~after, parts.present[..., _PAIRS:]], dim=-1)
    new = torch.arange(count + 1, count + 2 * _PAIRS + 1, device=dice.device)
    return Parts(
        torch.cat([parts.centres, *daughters], dim=2),
        torch.cat([parts.shapes, shape, shape], dim=2),
        torch.cat([parts.owners, new.expand(batch, -1)], dim=1),
        torch.cat([mothers, alive & after, alive & after], dim=-1),
    )


def _raster(dice: Dice, crowd_: _Crowd, size: int) -> tuple[Raster, Tensor]:
    """Rasterise with wobbly outlines; and a texture around 1 for the insides."""
    batch, frames = crowd_.parts.present.shape[:2]
    amount = crowd_.radius * dice.uniform(batch, high=0.35)
    warp = [
        noise_over_time(dice, batch, frames, size, 12, dice.uniform(batch))
        for _ in range(2)
    ]
    displaced = torch.stack(warp, dim=-1).flatten(2, 3) * amount[:, None, None, None]
    raster = rasterise(crowd_.parts, size, displaced)
    fine = noise_over_time(dice, batch, frames, size, 40, dice.uniform(batch, high=0.5))
    coarse = noise_over_time(dice, batch, frames, size, 16, dice.uniform(batch))
    rough = dice.uniform(batch, 1, 1, 1, high=0.3)
    return raster, 1 + rough * (0.6 * fine + 0.6 * coarse)


def _flat_or_domed(dice: Dice, raster: Raster) -> Tensor:
    """Return brightness over each cell: flat, bright in the middle, or at the rim."""
    batch = len(raster.inner)
    inner = raster.inner.clamp(0, 1)
    dome = dice.uniform(batch, 1, 1, 1, high=0.8)
    rim = dice.coin(batch, 1, 1, 1, chance=0.2)
    return torch.where(rim, 0.4 + inner**2, 1 - dome * inner)
