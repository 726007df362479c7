"""Slices of real anatomy along any axis, bent, and in the contrast of any scanner."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F

from napari_sam2.training.scenes.fields import blur, noise, noise_over_time
from napari_sam2.training.scenes.parts import pixel_places
from napari_sam2.training.scenes.scene import MOST_OBJECTS, Scene
from napari_sam2.training.scenes.voxels import at, corners, most_votes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from napari_sam2.training.assets.store import Volume
    from napari_sam2.training.scenes.dice import Dice
    from napari_sam2.training.scenes.draw import Family

_KNOTS = 8  # of a curve from one contrast to another
_MANY = 9  # objects, of more than which some are joined
_GUESSES = 64  # places among which one inside an object is looked for


class _Pose(NamedTuple):
    """How a stack of slices lies in its volume, in voxels.

    turn (B, 3, 3), centre (B, 3), width (B,) of a slice, step (B, 1) between slices,
    moment (B, 1): the number of the slice at the centre.
    """

    turn: Tensor
    centre: Tensor
    width: Tensor
    step: Tensor
    moment: Tensor


def atlas(volumes: Sequence[Volume]) -> Family:
    """Return the family of scenes that shows slices of volumes."""
    return partial(_atlas, volumes)


def _atlas(
    volumes: Sequence[Volume], dice: Dice, batch: int, frames: int, size: int
) -> Scene:
    """Cut every clip's slices from a volume of its own choice."""
    picks = [dice.choice((1.0,) * len(volumes)) for _ in range(batch)]
    scenes = [
        _slices(volumes[pick], dice, picks.count(pick), frames, size)
        for pick in sorted(set(picks))
    ]
    images, labels = (torch.cat(parts) for parts in zip(*scenes, strict=True))
    return Scene(images, labels)


def _slices(volume: Volume, dice: Dice, batch: int, frames: int, size: int) -> Scene:
    tables = _objects(volume, dice, batch)
    places = _places(dice, volume, tables, frames, size)
    scanner = _scanner(dice, volume, tables)
    image = torch.zeros(places.shape[:-1], device=dice.device)
    seen, weights = [], []
    for corner in corners(places, volume.labels.shape):
        fine = corner.of(volume.labels).long()
        image = image + scanner(corner.of(volume.values).long(), fine) * corner.weight
        seen.append(at(tables, fine))
        weights.append(corner.weight)
    return Scene(_scanned(dice, image), _in_view(most_votes(seen, weights)))


def _objects(volume: Volume, dice: Dice, batch: int) -> Tensor:
    """Return the objects of fine labels in every clip, (B, 256).

    Where there are many, some are made one; a few are no objects.
    """
    picks = dice.integers(batch, low=0, high=len(volume.schemes))
    tables = volume.schemes[picks].long()
    many = tables.amax(dim=1, keepdim=True) > _MANY
    joins = many & dice.coin(batch, 1) & dice.coin(batch, 256, chance=0.7)
    single = torch.arange(256, device=dice.device)
    number = torch.where(joins, dice.integers(batch, 256, low=1, high=_MANY), single)
    number = torch.where(dice.coin(batch, 256, chance=0.06), 0, number)
    number[:, 0] = 0
    return at(number, tables)


def _places(
    dice: Dice, volume: Volume, tables: Tensor, frames: int, size: int
) -> Tensor:
    """Return the voxel at which each pixel lies, (B, T, S, S, 3), in x, y and z."""
    batch = len(tables)
    shape = torch.tensor(volume.labels.shape[::-1], device=dice.device)
    pose = _pose(dice, volume, tables)
    flat = pixel_places(size, dice.device).view(1, 1, size, size, 2) - 0.5
    flat = flat + _slip(dice, batch, frames)
    flat = flat * pose.width.view(-1, 1, 1, 1, 1)  # (B, T, S, S, 2)
    time = torch.arange(frames, device=dice.device) - pose.moment
    depth = (time * pose.step).view(batch, frames, 1, 1, 1)
    depth = depth.expand(-1, -1, size, size, -1)
    straight = torch.cat([flat, depth], dim=-1)
    turned = torch.einsum("btyxc,bcd->btyxd", straight, pose.turn)
    voxels = turned + pose.centre.view(-1, 1, 1, 1, 3)
    return voxels + _warp(dice, 2 * voxels / shape - 1) * shape.max()


def _pose(dice: Dice, volume: Volume, tables: Tensor) -> _Pose:
    batch = len(tables)
    shape = torch.tensor(volume.labels.shape[::-1], device=dice.device)
    middle = shape / 2 + dice.normal(batch, 3, scale=0.06) * shape
    near = dice.coin(batch, 1, chance=0.6)
    centre = torch.where(near, _inside(dice, volume, tables), middle)
    whole = shape.max() * dice.uniform(batch, low=0.8, high=1.3)
    part = shape.max() * dice.log_uniform(batch, low=0.25, high=0.9)
    width = torch.where(near[:, 0], part, whole)
    step = width[:, None] * dice.log_uniform(batch, 1, low=0.006, high=0.05)
    moment = 8 * dice.uniform(batch, 1) ** 2
    return _Pose(_turns(dice, batch), centre, width, step, moment)


def _inside(dice: Dice, volume: Volume, tables: Tensor) -> Tensor:
    """Return a voxel inside an object, (B, 3), or anywhere where none was met."""
    batch = len(tables)
    shape = torch.tensor(volume.labels.shape[::-1], device=dice.device)
    guesses = (dice.uniform(batch, _GUESSES, 3) * shape).long()
    x, y, z = guesses.unbind(dim=-1)
    met = at(tables, volume.labels[z, y, x].long()) > 0
    first = met.int().argmax(dim=1).view(-1, 1, 1).expand(-1, 1, 3)
    return guesses.gather(1, first)[:, 0].float()


def _turns(dice: Dice, batch: int) -> Tensor:
    """Return rotations, (B, 3, 3): near one of the axes, a few anyhow."""
    axis = dice.integers(batch, low=0, high=3)
    order = torch.tensor([[0, 1, 2], [0, 2, 1], [1, 2, 0]], device=dice.device)
    straight = torch.eye(3, device=dice.device)[order[axis]]
    tilt = dice.normal(batch, 3, 3, scale=0.12)
    free = dice.coin(batch, 1, 1, chance=0.15)
    tilt = torch.where(free, dice.normal(batch, 3, 3), tilt)
    return straight @ torch.linalg.matrix_exp(tilt - tilt.mT)


def _slip(dice: Dice, batch: int, frames: int) -> Tensor:
    """Return how far slices lie beside each other in some clips, (B, T, 1, 1, 2)."""
    amount = dice.uniform(batch, 1, 1, 1, 1, high=0.008)
    amount = amount * dice.coin(batch, 1, 1, 1, 1, chance=0.4)
    return dice.normal(batch, frames, 1, 1, 2) * amount


def _warp(dice: Dice, places: Tensor) -> Tensor:
    """Return displacements that bend a body smoothly at places from -1 to 1."""
    batch = len(places)
    amount = dice.uniform(batch, 1, 1, 1, 1, high=0.03)
    knots = dice.normal(batch, 3, 5, 5, 5) * amount
    flat = places.flatten(1, 2)[:, None]  # (B, 1, T * S, S, 3)
    moved = F.grid_sample(knots, flat, align_corners=False, padding_mode="border")
    return moved.movedim(1, -1).reshape(places.shape)


def _scanner(
    dice: Dice, volume: Volume, tables: Tensor
) -> Callable[[Tensor, Tensor], Tensor]:
    """Return what shows voxels in another contrast, from their values and labels.

    Brightness follows a random curve, rising in half of the clips; tissues and objects
    are given levels of their own in part.
    """
    batch = len(tables)
    tissues = volume.schemes[:1].long().expand(batch, -1)
    own = at(dice.uniform(batch, 256), tissues) + dice.normal(batch, 256, scale=0.04)
    share = dice.uniform(batch, 1) * dice.coin(batch, 1, chance=0.6)
    lift = dice.normal(batch, 256) * dice.uniform(batch, 1, high=0.15)
    lift[:, 0] = 0  # of what is no object
    own = own * share + at(lift, tables)
    own[:, 0] = dice.uniform(batch, high=0.05)  # air
    curve = _curves(dice, batch) * (1 - share)

    def show(values: Tensor, fine: Tensor) -> Tensor:
        return at(curve, values) * (fine > 0) + at(own, fine)

    return show


def _curves(dice: Dice, batch: int) -> Tensor:
    """Return the brightness of every value, (B, 256); some stay as they are."""
    steps = dice.uniform(batch, _KNOTS).cumsum(dim=1)
    rising = steps / steps[:, -1:]
    free = dice.uniform(batch, _KNOTS)
    curve = torch.where(dice.coin(batch, 1), rising, free)
    curve = F.interpolate(curve[:, None], size=256, mode="linear", align_corners=True)
    same = torch.linspace(0, 1, 256, device=dice.device)
    return torch.where(dice.coin(batch, 1, chance=0.3), same, curve[:, 0])


def _scanned(dice: Dice, image: Tensor) -> Tensor:
    """Add what a scanner adds: blur, mottle and an uneven field."""
    batch, frames, size = image.shape[:3]
    image = blur(image, dice.uniform(batch, low=0.2, high=1.6) * size / 256, 5)
    mottle = noise_over_time(dice, batch, frames, size, 48, dice.uniform(batch))
    image = image * (1 + mottle * dice.uniform(batch, 1, 1, 1, high=0.1))
    uneven = noise(dice, batch, size, 2)[:, None]
    return image * (1 + uneven * dice.uniform(batch, 1, 1, 1, high=0.25))


def _in_view(labels: Tensor) -> Tensor:
    """Give the objects that are seen new numbers; leave out those beyond the most."""
    seen = labels.new_zeros(len(labels), 256)
    seen.scatter_(1, labels.flatten(1), 1)
    seen[:, 0] = 0
    numbers = seen.cumsum(dim=1) * seen
    return at(torch.where(numbers > MOST_OBJECTS, 0, numbers), labels)
