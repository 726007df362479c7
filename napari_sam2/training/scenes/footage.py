"""Footage: textured, jointed things that move over textured grounds, in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from napari_sam2.training.scenes.fields import blur, noise, noise_over_time
from napari_sam2.training.scenes.motion import pulse, wander
from napari_sam2.training.scenes.parts import (
    Parts,
    ellipse_shapes,
    own_places,
    pixel_places,
    rasterise,
)
from napari_sam2.training.scenes.scene import Scene

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.training.scenes.dice import Dice
    from napari_sam2.training.scenes.parts import Raster

_THINGS = 6
_JOINTS = 4  # parts per thing


def footage(dice: Dice, batch: int, frames: int, size: int) -> Scene:
    """Draw things that pass before each other, with look-alikes and a moving camera."""
    camera = camera_path(dice, batch, frames)
    parts = _things(dice, batch, frames, camera)
    fields = [
        noise_over_time(dice, batch, frames, size, cells, dice.uniform(batch, high=0.3))
        for cells in (5, 5, 16, 16)
    ]
    amount = dice.uniform(batch, 1, 1, 1, high=0.03)
    smooth = torch.stack(fields[:2], dim=-1).flatten(2, 3)
    fine = torch.stack(fields[2:], dim=-1).flatten(2, 3)
    raster = rasterise(parts, size, (smooth + 0.4 * fine) * amount, layered=True)
    ground = behind(texture(dice, batch, 2 * size), camera, size)
    things = _painted(dice, raster, parts)
    body = raster.covered.float()
    soft = blur(body, dice.uniform(batch, low=0.3, high=0.8) * size / 256, 3)
    alpha = (soft * body)[:, :, None]
    shade = blur(body, dice.uniform(batch, low=2, high=8) * size / 256, 20)
    shade = torch.roll(shade, (size // 32, size // 48), dims=(-2, -1))[:, :, None]
    dark = dice.uniform(batch, 1, 1, 1, 1, high=0.5)
    images = ground * (1 - shade * dark) * (1 - alpha) + things * alpha
    return Scene(images, raster.labels)


def camera_path(dice: Dice, batch: int, frames: int) -> Tensor:
    """Return zoom and shift of the view per frame, (B, T, 3)."""
    pan = wander(dice, batch, frames, 1, dice.log_uniform(batch, low=0.001, high=0.04))
    zoom = pulse(dice, batch, frames, 1, 0.15)
    return torch.cat([zoom, pan[:, :, 0]], dim=-1)


def _things(dice: Dice, batch: int, frames: int, camera: Tensor) -> Parts:
    """Place jointed things; the first ones hide the others."""
    count = _THINGS * _JOINTS
    body = dice.log_uniform(batch, _THINGS, low=0.035, high=0.22)
    place = dice.uniform(batch, _THINGS, 2, low=0.05, high=0.95)
    speed = dice.log_uniform(batch, low=0.003, high=0.07)
    path = place[:, None] + wander(dice, batch, frames, _THINGS, speed)  # (B, T, O, 2)
    grow = pulse(dice, batch, frames, _THINGS, 0.2)
    turn = wander(dice, batch, frames, _THINGS, dice.uniform(batch, high=0.15))[..., 0]
    angle = _swing(dice, batch, frames) + turn[..., None]
    far = dice.uniform(batch, 1, _THINGS, _JOINTS, low=0.4, high=1.1)
    far[..., 0] = 0
    size = dice.uniform(batch, 1, _THINGS, _JOINTS, low=0.25, high=0.7)
    size[..., 0] = 1
    unit = (body[:, None] * grow)[..., None]  # (B, T, O, 1)
    offset = torch.stack([angle.cos(), angle.sin()], dim=-1) * (far * unit)[..., None]
    centres = path[..., None, :] + offset
    zoom, pan = camera[..., :1], camera[..., 1:]
    centres = (centres - 0.5) * zoom[..., None, None] + 0.5 + pan[:, :, None, None]
    radii = (size * unit * zoom[..., None]).flatten(2)
    aspect = dice.uniform(batch, 1, count, low=1, high=3.5).expand_as(radii)
    shapes = ellipse_shapes(radii, aspect, angle.flatten(2))
    alone = _which_joints(dice, batch)
    hidden = out_of_sight(dice, batch, frames, _THINGS)
    there = (alone & ~hidden[..., None]).flatten(2)
    owners = torch.arange(1, _THINGS + 1, device=dice.device).repeat_interleave(_JOINTS)
    return Parts(centres.flatten(2, 3), shapes, owners.expand(batch, -1), there)


def _which_joints(dice: Dice, batch: int) -> Tensor:
    """Return which things, and which of their limbs, there are, bool (B, 1, O, J)."""
    there = dice.coin(batch, 1, _THINGS, _JOINTS, chance=0.6)
    there[..., 0] = dice.coin(batch, 1, _THINGS, chance=0.8)
    return there & there[..., :1]


def _swing(dice: Dice, batch: int, frames: int) -> Tensor:
    """Return the angles of limbs, which sit around the body and swing, (B, T, O, J)."""
    limb = dice.uniform(batch, 1, _THINGS, _JOINTS, high=6.28)
    swing = dice.uniform(batch, 1, _THINGS, _JOINTS, high=0.5) * torch.sin(
        torch.arange(frames, device=dice.device).view(1, -1, 1, 1)
        * dice.uniform(batch, 1, _THINGS, _JOINTS, low=0.3, high=1.4)
    )
    return limb + swing


def out_of_sight(dice: Dice, batch: int, frames: int, count: int) -> Tensor:
    """Return which things are out of sight for a while, bool (B, T, count)."""
    time = torch.arange(frames, device=dice.device)[None, :, None]
    start = dice.integers(batch, 1, count, low=1, high=max(2, frames))
    end = start + dice.integers(batch, 1, count, low=1, high=max(2, frames))
    gone = dice.coin(batch, 1, count, chance=0.2)
    return gone & (time >= start) & (time < end)


def behind(picture: Tensor, camera: Tensor, size: int) -> Tensor:
    """Return what lies behind everything, (B, T, 3, S, S), moving with the camera.

    ``picture`` (B, 3, 2S, 2S) reaches half a frame beyond the frame on all sides.
    """
    batch, frames = camera.shape[:2]
    place = pixel_places(size, picture.device).unflatten(0, (size, size)) - 0.5
    zoom, pan = camera[..., :1], camera[..., 1:]
    seen = (place - pan[:, :, None, None]) / zoom[..., None, None]
    seen = seen.flatten(0, 1)  # from -1 to 1 is the whole picture, twice the frame
    repeated = picture.repeat_interleave(frames, dim=0)
    ground = F.grid_sample(
        repeated, seen, padding_mode="reflection", align_corners=False
    )
    return ground.unflatten(0, (batch, frames))


def _painted(dice: Dice, raster: Raster, parts: Parts) -> Tensor:
    """Return things in their own textures, (B, T, 3, S, S); some look alike."""
    batch, frames, size = raster.winners.shape[:3]
    sheet = texture(dice, batch, size)
    count = parts.owners.shape[1]
    look = dice.uniform(batch, _THINGS, 5, low=-0.7, high=0.7)
    twin = dice.coin(batch, 1, 1, chance=0.4)
    look = torch.where(twin, look[:, :1] + 0.05 * look, look)
    spot = look[..., :2].repeat_interleave(_JOINTS, dim=1)  # (B, N, 2)
    tone = look[..., 2:].repeat_interleave(_JOINTS, dim=1)
    index = raster.winners.flatten(2)[..., None].expand(-1, -1, -1, 5)
    known = torch.cat([spot, tone], dim=-1)[:, None].expand(-1, frames, count, 5)
    found = known.gather(2, index).unflatten(2, (size, size))
    place = own_places(raster, parts).clamp(-3, 3) * 0.3 + found[..., :2]
    sheet = sheet.repeat_interleave(frames, dim=0)
    paint = F.grid_sample(
        sheet, place.flatten(0, 1), padding_mode="reflection", align_corners=False
    ).unflatten(0, (batch, frames))
    return 0.6 * paint + 0.2 + 0.5 * found[..., 2:].movedim(-1, 2)


def texture(dice: Dice, batch: int, size: int) -> Tensor:
    """Return colour textures, (B, 3, size, size): blotches, stripes, grain."""
    cells = (3, 8, 20)[dice.choice((1.0, 1.0, 1.0))]
    rough = noise(dice, batch, size, cells, 4)[:, None]
    other = noise(dice, batch, size, 3, 3)[:, None]
    place = pixel_places(size, dice.device).view(1, 1, size, size, 2)
    wave = dice.normal(batch, 1, 1, 1, 2, scale=40)
    stripes = torch.sin((place * wave).sum(-1) + rough)
    kind = dice.uniform(batch, 1, 1, 1)
    pattern = torch.where(kind < 0.2, stripes, rough)
    pattern = torch.where(kind > 0.75, (3 * rough).clamp(-1, 1), pattern)
    colour = dice.uniform(batch, 3, 1, 1, low=0.1, high=0.9)
    first = dice.normal(batch, 3, 1, 1, scale=0.13)
    second = dice.normal(batch, 3, 1, 1, scale=0.12)
    return colour + first * pattern + second * other
