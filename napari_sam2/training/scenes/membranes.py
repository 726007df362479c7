"""Tissue cut through: cells that fill the picture, parted by dark or bright walls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.training.scenes.fields import blur, noise, noise_over_time
from napari_sam2.training.scenes.motion import pulse, wander
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

_ROWS, _COLUMNS = 8, 9
_SEEDS = _ROWS * _COLUMNS


def electron_microscopy(dice: Dice, batch: int, frames: int, size: int) -> Scene:
    """Draw neurites as in electron microscopy: dark membranes, grainy insides."""
    return _tissue(dice, batch, frames, size, bright_walls=False)


def cell_walls(dice: Dice, batch: int, frames: int, size: int) -> Scene:
    """Draw stained walls around dark cells, as in plants and epithelia."""
    return _tissue(dice, batch, frames, size, bright_walls=True)


def _tissue(
    dice: Dice, batch: int, frames: int, size: int, *, bright_walls: bool
) -> Scene:
    parts, width = _seeds(dice, batch, frames, merged=not bright_walls)
    warp = _wrinkles(dice, batch, frames, size, width, rough=not bright_walls)
    raster = rasterise(parts, size, warp, endless=True)
    pixel = (1.0 / (size * width))[:, None, None, None]
    thick = pixel * dice.uniform(batch, 1, 1, 1, low=1.2, high=4.0)
    wall = torch.exp(-((raster.gap.clamp(min=0) / thick) ** 2))
    spread = 0.06 if bright_walls else dice.fraction() * 0.2
    level = 0.5 + spread * at_winners(raster, dice.normal(batch, _SEEDS))
    grain = noise_over_time(dice, batch, frames, size, 48, dice.uniform(batch))
    image = level + grain * dice.uniform(batch, 1, 1, 1, high=0.1)
    image = image - _organelles(dice, batch, frames, size) * (1 - wall)
    strength = dice.uniform(batch, 1, 1, 1, low=0.25, high=0.7)
    patchy = 1 + 0.4 * noise(dice, batch, size, 8)[:, None]
    image = image + wall * patchy * (strength if bright_walls else -strength)
    image = blur(image, dice.uniform(batch, low=0.3, high=1.1) * size / 256, 4)
    return _within_bounds(dice, Scene(image, raster.labels), wall > 0.6)


def _organelles(dice: Dice, batch: int, frames: int, size: int) -> Tensor:
    """Return how much darker small bodies within cells are, (B, T, S, S).

    They belong to the cell that they lie in: dark as mitochondria, or rings only.
    """
    cells = (8, 14, 24)[dice.choice((1.0, 1.0, 1.0))]
    height = noise_over_time(dice, batch, frames, size, cells, dice.uniform(batch))
    height = height - dice.uniform(batch, 1, 1, 1, low=0.8, high=1.8)
    rim = torch.exp(-((height * 7) ** 2)) * dice.uniform(batch, 1, 1, 1, high=0.4)
    folds = noise_over_time(dice, batch, frames, size, 40, dice.uniform(batch))
    dark = torch.sigmoid(height * 14) * dice.uniform(batch, 1, 1, 1, high=0.45)
    return dark * (1 + 0.25 * folds) + rim


def _seeds(
    dice: Dice, batch: int, frames: int, *, merged: bool
) -> tuple[Parts, Tensor]:
    """Place seeds of cells; where ``merged``, some cells have two or three."""
    count = _SEEDS
    width = dice.log_uniform(batch, low=0.12, high=0.4)  # of one cell
    rows = torch.arange(_ROWS, device=dice.device) + 0.5 - _ROWS / 2
    columns = torch.arange(_COLUMNS, device=dice.device) + 0.5 - _COLUMNS / 2
    grid = torch.cartesian_prod(columns, rows)  # it reaches beyond the frame
    jitter = dice.normal(batch, count, 2) * dice.uniform(batch, 1, 1, high=0.5)
    places = 0.5 + (grid + jitter) * width[:, None, None]
    speed = width * dice.log_uniform(batch, low=0.02, high=0.25)
    centres = places[:, None] + wander(dice, batch, frames, count, speed)
    radii = width[:, None, None] * dice.normal(batch, 1, count, scale=0.25).exp()
    radii = radii * pulse(dice, batch, frames, count, 0.3)
    aspect = dice.uniform(batch, 1, count, low=1, high=2.2).expand_as(radii)
    angle = dice.uniform(batch, 1, count, high=3.14).expand_as(radii)
    owners = torch.arange(1, count + 1, device=dice.device).expand(batch, -1)
    if merged:
        joined = dice.coin(batch, count, chance=0.2)
        owners = torch.where(joined, owners.roll(1, dims=1), owners)  # the cell above
    there = torch.ones(batch, frames, count, dtype=torch.bool, device=dice.device)
    return Parts(centres, ellipse_shapes(radii, aspect, angle), owners, there), width


def _wrinkles(
    dice: Dice, batch: int, frames: int, size: int, width: Tensor, *, rough: bool
) -> Tensor:
    """Return displacements that bend walls, (B, T, S * S, 2)."""
    change = dice.uniform(batch, high=0.6)
    fields = [
        noise_over_time(dice, batch, frames, size, cells, change)
        for cells in (6, 6, 20, 20)
    ]
    amount = (width * dice.uniform(batch, high=0.4 if rough else 0.25)).view(-1, 1, 1)
    smooth = torch.stack(fields[:2], dim=-1).flatten(2, 3)
    fine = torch.stack(fields[2:], dim=-1).flatten(2, 3)
    return (smooth + 0.3 * fine) * amount[..., None]


def _within_bounds(dice: Dice, scene: Scene, wall: Tensor) -> Scene:
    """Take walls, and in some clips many of the cells, out of what is asked for.

    Annotators differ: for half of them cells meet in the middle of their walls.
    """
    batch = len(scene.labels)
    wall = wall & dice.coin(batch, 1, 1, 1)
    known = dice.coin(batch, _SEEDS + 1) | dice.coin(batch, 1, chance=0.7)
    known[:, 0] = False
    kept = known[:, None].expand(-1, scene.labels.shape[1], -1)
    kept = kept.gather(2, scene.labels.flatten(2)).view(scene.labels.shape)
    labels = torch.where(kept & ~wall, scene.labels, torch.zeros_like(scene.labels))
    return Scene(scene.images, labels)
