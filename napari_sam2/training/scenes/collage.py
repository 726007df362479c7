"""Footage of real cut-outs over real photographs, with exact masks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F

from napari_sam2.training.assets.store import POSES
from napari_sam2.training.scenes.fields import blur, noise_over_time
from napari_sam2.training.scenes.footage import (
    behind,
    camera_path,
    out_of_sight,
    texture,
)
from napari_sam2.training.scenes.motion import pulse, wander
from napari_sam2.training.scenes.parts import ellipse_shapes, pixel_places
from napari_sam2.training.scenes.scene import Scene

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.training.assets.store import Assets
    from napari_sam2.training.scenes.dice import Dice
    from napari_sam2.training.scenes.draw import Family

_THINGS = 5


class _Paths(NamedTuple):
    """Where things are: (B, T, O, 2), (B, T, O, 2, 2) and bool (B, T, O)."""

    centres: Tensor
    shapes: Tensor
    there: Tensor


class _Looks(NamedTuple):
    """Cut-outs of things (B, O, T), whether mirrored (B, O), and lights (B, O, 3)."""

    pictures: Tensor
    mirrored: Tensor
    light: Tensor


def collage(assets: Assets) -> Family:
    """Return the family of scenes that shows fetched pictures."""
    return partial(_collage, assets)


def _collage(assets: Assets, dice: Dice, batch: int, frames: int, size: int) -> Scene:
    """Draw cut-outs that move, bend and pass before each other; some are twins."""
    camera = camera_path(dice, batch, frames)
    paths = _paths(dice, batch, frames, camera)
    image = behind(_ground(assets, dice, batch, size), camera, size)
    labels = torch.zeros(batch, frames, size, size, dtype=torch.int64)
    labels = labels.to(dice.device)
    bend = _bend(dice, batch, frames, size)
    looks = _looks(assets, dice, batch, frames)
    asked = ~dice.coin(batch, _THINGS, chance=0.15)
    for thing in range(_THINGS):  # from the back to the front
        seen = _seen(_sheets(assets, looks, thing), paths, thing, bend)
        alpha = seen[:, :, 3:]
        image = image * (1 - _shadow(dice, alpha))
        image = image * (1 - alpha) + seen[:, :, :3] * alpha
        number = torch.where(asked[:, thing], thing + 1, 0).view(-1, 1, 1, 1)
        labels = torch.where(alpha[:, :, 0] > 0.5, number, labels)
    sigma = dice.uniform(batch, low=0.2, high=1.0) * size / 256
    return Scene(blur(image.flatten(1, 2), sigma, 3).view_as(image), labels)


def _paths(dice: Dice, batch: int, frames: int, camera: Tensor) -> _Paths:
    """Move things over the ground, and the ground under the camera."""
    half = dice.log_uniform(batch, _THINGS, low=0.05, high=0.3)
    start = dice.uniform(batch, 1, _THINGS, 2, low=0.1, high=0.9)
    speed = dice.log_uniform(batch, low=0.003, high=0.07)
    zoom, pan = camera[..., :1], camera[..., 1:]
    centres = start + wander(dice, batch, frames, _THINGS, speed)
    centres = (centres - 0.5) * zoom[..., None] + 0.5 + pan[:, :, None]
    sizes = half[:, None] * pulse(dice, batch, frames, _THINGS, 0.2) * zoom
    turning = dice.uniform(batch, high=0.12)
    angle = dice.normal(batch, 1, _THINGS, scale=0.4)
    angle = angle + wander(dice, batch, frames, _THINGS, turning)[..., 0]
    aspect = dice.normal(batch, 1, _THINGS, scale=0.15).exp().expand_as(sizes)
    there = dice.coin(batch, 1, _THINGS, chance=0.75)
    there = there & ~out_of_sight(dice, batch, frames, _THINGS)
    return _Paths(centres, ellipse_shapes(sizes, aspect, angle), there)


def _ground(assets: Assets, dice: Dice, batch: int, size: int) -> Tensor:
    """Return photographs, or textures for a few clips, (B, 3, 2S, 2S)."""
    picks = dice.integers(batch, low=0, high=len(assets.photographs))
    photographs = assets.photographs[picks].float() / 255
    scale = dice.log_uniform(batch, 1, 1, 1, low=0.3, high=1.0)
    place = pixel_places(2 * size, dice.device).view(1, 2 * size, 2 * size, 2)
    aside = dice.uniform(batch, 1, 1, 2, low=-1, high=1) * (1 - scale)
    window = (2 * place - 1) * scale + aside
    ground = F.grid_sample(photographs, window, align_corners=False)
    mirrored = dice.coin(batch, 1, 1, 1)
    ground = torch.where(mirrored, ground.flip(-1), ground)
    plain = dice.coin(batch, 1, 1, 1, chance=0.25)
    ground = torch.where(plain, texture(dice, batch, 2 * size), ground)
    tint = dice.normal(batch, 3, 1, 1, scale=0.2).exp()
    return (ground * tint).clamp(0, 1)


def _looks(assets: Assets, dice: Dice, batch: int, frames: int) -> _Looks:
    """Choose things, of which some are twins, and let those move that can."""
    picks = dice.integers(batch, _THINGS, low=0, high=len(assets.poses))
    moving = dice.integers(batch, _THINGS, low=0, high=len(assets.poses))
    able = assets.poses[moving]
    able = able[..., 0] != able[..., -1]  # a second chance, as they are few
    picks = torch.where(able, moving, picks)
    twins = dice.coin(batch, 1, chance=0.35) & dice.coin(batch, _THINGS, chance=0.6)
    picks = torch.where(twins, picks[:, :1], picks)
    time = torch.arange(frames, device=dice.device).view(1, -1, 1)
    pace = dice.log_uniform(batch, 1, _THINGS, low=0.2, high=1.5)
    phase = pace * time + dice.uniform(batch, 1, _THINGS, high=2 * POSES)
    there = (phase % (2 * POSES - 2) - (POSES - 1)).abs()  # and back again
    pose = there.round().long().movedim(1, -1)  # (B, O, T)
    pictures = assets.poses[picks].gather(-1, pose)
    gain = dice.normal(batch, _THINGS, 1, scale=0.25).exp()
    light = gain * dice.normal(batch, _THINGS, 3, scale=0.12).exp()
    return _Looks(pictures, dice.coin(batch, _THINGS), light)


def _sheets(assets: Assets, looks: _Looks, thing: int) -> Tensor:
    """Return the pictures of one thing of each clip, (B, T, 4, P, P), in its light."""
    sheets = assets.cutouts[looks.pictures[:, thing]].float() / 255
    mirrored = looks.mirrored[:, thing].view(-1, 1, 1, 1, 1)
    sheets = torch.where(mirrored, sheets.flip(-1), sheets)
    light = looks.light[:, thing].view(-1, 1, 3, 1, 1)
    colour = (sheets[:, :, :3] * light).clamp(0, 1)
    return torch.cat([colour, sheets[:, :, 3:]], dim=2)


def _bend(dice: Dice, batch: int, frames: int, size: int) -> Tensor:
    """Return displacements that change in time and bend things, (B, T, S, S, 2)."""
    change = dice.uniform(batch, high=1.0)
    fields = [noise_over_time(dice, batch, frames, size, 5, change) for _ in range(2)]
    amount = dice.uniform(batch, 1, 1, 1, 1, high=0.025)
    return torch.stack(fields, dim=-1) * amount


def _seen(sheets: Tensor, paths: _Paths, thing: int, bend: Tensor) -> Tensor:
    """Return one thing of each clip where it is seen, (B, T, 4, S, S)."""
    batch, frames, size = bend.shape[:3]
    place = pixel_places(size, bend.device).view(1, 1, size, size, 2)
    offset = place + bend - paths.centres[:, :, thing, None, None]
    shape = paths.shapes[:, :, thing, None, None]  # (B, T, 1, 1, 2, 2)
    own = (shape * offset[..., None, :]).sum(dim=-1)
    seen = F.grid_sample(sheets.flatten(0, 1), own.flatten(0, 1), align_corners=False)
    seen = seen.unflatten(0, (batch, frames))
    return seen * paths.there[:, :, thing, None, None, None]


def _shadow(dice: Dice, alpha: Tensor) -> Tensor:
    """Return how much darker it is beside a thing, (B, T, 1, S, S)."""
    batch, size = len(alpha), alpha.shape[-1]
    soft = F.avg_pool2d(alpha.flatten(0, 1), 8, ceil_mode=True)
    soft = F.interpolate(soft, size=(size, size), mode="bilinear", align_corners=False)
    soft = torch.roll(soft.view_as(alpha), (size // 40, size // 60), dims=(-2, -1))
    return soft * dice.uniform(batch, 1, 1, 1, 1, high=0.4)
