"""Cells that lie flat on glass: see-through, spiky, visible by their outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.training.scenes.fields import blur, noise, noise_over_time
from napari_sam2.training.scenes.motion import crowd, lifetimes, pulse, wander
from napari_sam2.training.scenes.parts import (
    Parts,
    at_winners,
    ellipse_shapes,
    own_places,
    rasterise,
)
from napari_sam2.training.scenes.scene import Scene

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.training.scenes.dice import Dice
    from napari_sam2.training.scenes.parts import Raster

_CELLS = 16
_ARMS = 4  # parts per cell: the body, and what it reaches out with


def adherent(dice: Dice, batch: int, frames: int, size: int) -> Scene:
    """Draw spread cells in phase contrast, among them round ones about to divide.

    What is inside is as grey as the ground; bright and dark lines run along outlines,
    often with gaps, and grains gather around the nucleus.
    """
    radius = dice.log_uniform(batch, low=0.025, high=0.13)
    is_round = dice.coin(batch, _CELLS, chance=0.12)
    parts = _spread(dice, batch, frames, radius, is_round)
    raster = rasterise(parts, size, _frayed(dice, batch, frames, size, radius))
    body = raster.covered.float()
    ground = noise(dice, batch, size, 8, 4)[:, None] * _up_to(dice, batch, 0.06)
    image = ground + _outlines(dice, raster, body) + _insides(dice, raster, parts, body)
    ball = at_winners(raster, is_round.repeat_interleave(_ARMS, dim=1).float()) * body
    glow = (1.2 - raster.inner.clamp(0, 1)) * dice.uniform(batch, 1, 1, 1, low=0.3)
    image = image + ball * glow
    image = blur(image, dice.uniform(batch, low=0.3, high=1.0) * size / 256, 4)
    return Scene(image, raster.labels)


def _spread(
    dice: Dice, batch: int, frames: int, radius: Tensor, is_round: Tensor
) -> Parts:
    """Place cells and their arms, which come out of the body at any angle."""
    radii = radius[:, None] * dice.normal(batch, _CELLS, scale=0.25).exp()
    density = dice.uniform(batch, low=0.3, high=1.1)
    room = (radius * (14.0 * _CELLS / density).sqrt()).clamp(max=1.3)
    places = crowd(dice, batch, _CELLS, room, radii * 1.2)
    speed = radius * dice.log_uniform(batch, low=0.02, high=0.4)
    path = places[:, None] + wander(dice, batch, frames, _CELLS, speed)
    unit = radii[:, None] * pulse(dice, batch, frames, _CELLS, 0.12)  # (B, T, cells)
    angle = _angles(dice, batch, frames)
    far = dice.uniform(batch, 1, _CELLS, _ARMS, low=0.6, high=1.8)
    thin = dice.uniform(batch, 1, _CELLS, _ARMS, low=0.35, high=0.8)
    far[..., 0], thin[..., 0] = 0, 1
    offset = torch.stack([angle.cos(), angle.sin()], dim=-1)
    offset = offset * (far * unit[..., None])[..., None]
    aspect = _aspects(dice, batch, is_round)
    sizes = unit[..., None] * thin
    arms = dice.coin(batch, 1, _CELLS, _ARMS, chance=0.7) & ~is_round[:, None, :, None]
    arms[..., 0] = True
    there = lifetimes(dice, batch, frames, _CELLS, 0.05)[..., None] & arms
    owners = torch.arange(1, _CELLS + 1, device=dice.device).repeat_interleave(_ARMS)
    return Parts(
        (path[:, :, :, None] + offset).flatten(2, 3),
        ellipse_shapes(sizes, aspect.expand_as(sizes), angle).flatten(2, 3),
        owners.expand(batch, -1),
        there.flatten(2),
    )


def _angles(dice: Dice, batch: int, frames: int) -> Tensor:
    """Return where arms point, which sway a little, (B, T, cells, arms)."""
    lean = dice.uniform(batch, 1, _CELLS, 1, high=6.28)
    fan = dice.normal(batch, 1, _CELLS, _ARMS, scale=0.5)
    angle = lean + fan + 3.14 * dice.coin(batch, 1, _CELLS, _ARMS).float()
    sway = wander(dice, batch, frames, _CELLS * _ARMS, dice.uniform(batch, high=0.1))
    return angle + sway[..., 0].unflatten(2, (_CELLS, _ARMS))


def _aspects(dice: Dice, batch: int, is_round: Tensor) -> Tensor:
    """Return how much longer bodies and arms are than wide, (B, 1, cells, arms)."""
    aspect = dice.uniform(batch, 1, _CELLS, _ARMS, low=1.5, high=6.0)
    aspect[..., 0] = dice.uniform(batch, 1, _CELLS, low=1.0, high=3.0)
    return torch.where(is_round[:, None, :, None], aspect.clamp(max=1.2), aspect)


def _frayed(dice: Dice, batch: int, frames: int, size: int, radius: Tensor) -> Tensor:
    """Return displacements that make outlines irregular, (B, T, S * S, 2)."""
    change = dice.uniform(batch, high=0.6)
    fields = [
        noise_over_time(dice, batch, frames, size, cells, change)
        for cells in (12, 12, 28, 28)
    ]
    smooth = torch.stack(fields[:2], dim=-1).flatten(2, 3)
    fine = torch.stack(fields[2:], dim=-1).flatten(2, 3)
    amount = (radius * dice.uniform(batch, low=0.1, high=0.5)).view(-1, 1, 1, 1)
    return (smooth + 0.4 * fine) * amount


def _outlines(dice: Dice, raster: Raster, body: Tensor) -> Tensor:
    """Return the bright and dark lines along outlines, and between touching cells."""
    batch, frames, size = body.shape[:3]
    near = blur(body, dice.uniform(batch, low=0.5, high=1.2) * size / 256, 4)
    wide = blur(body, dice.uniform(batch, low=1.5, high=3.5) * size / 256, 10)
    outside = ((wide - near) * (1 - body)).clamp(min=0)
    inside = ((near - wide) * body).clamp(min=0)
    patchy = noise_over_time(dice, batch, frames, size, 14, dice.uniform(batch))
    patchy = torch.sigmoid(patchy * 2 + dice.uniform(batch, 1, 1, 1, high=2))
    between = torch.exp(-((raster.gap.clamp(min=0) * 8) ** 2)) * body
    bright = dice.uniform(batch, 1, 1, 1, low=0.3, high=2.0)
    dark = dice.uniform(batch, 1, 1, 1, low=-0.3, high=1.5)
    lines = (bright * outside - dark * inside) * patchy
    return lines + between * 0.25 * dice.uniform(batch, 1, 1, 1, low=-1, high=1)


def _insides(dice: Dice, raster: Raster, parts: Parts, body: Tensor) -> Tensor:
    """Return grains, nuclei and a little of a level of their own."""
    batch, frames, size = body.shape[:3]
    level = at_winners(raster, dice.normal(batch, parts.owners.shape[1]))
    grains = noise_over_time(dice, batch, frames, size, 48, dice.uniform(batch))
    rough = noise_over_time(dice, batch, frames, size, 20, dice.uniform(batch))
    deep = (1 - raster.inner).clamp(0, 1)
    texture = (grains + 0.6 * rough) * deep.sqrt() * _up_to(dice, batch, 0.2)
    place = own_places(raster, parts).square().sum(dim=-1)  # of the winning part
    main = torch.arange(parts.owners.shape[1], device=dice.device) % _ARMS == 0
    in_body = at_winners(raster, main.float().expand(batch, -1))
    nucleus = torch.sigmoid((0.18 - place) * 40) * in_body
    nucleus = nucleus * 0.3 * dice.normal(batch, 1, 1, 1)
    level = 0.04 * level + dice.normal(batch, 1, 1, 1, scale=0.06)
    return (level + texture + nucleus) * body


def _up_to(dice: Dice, batch: int, most: float) -> Tensor:
    return dice.uniform(batch, 1, 1, 1, high=most)
