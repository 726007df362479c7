"""Tissue in layers: folded ribbons and what lies under them, as matter in a brain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.training.scenes.fields import blur, noise_over_time
from napari_sam2.training.scenes.parts import pixel_places
from napari_sam2.training.scenes.scene import Scene

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.training.scenes.dice import Dice

_CELLS = ((4, 10), (6, 16), (9, 24))  # coarse and fine bumps along a side


def strata(dice: Dice, batch: int, frames: int, size: int) -> Scene:
    """Draw layers that fold and branch, each an object in however many pieces.

    They are what lies between two heights of a rough landscape, or along its valleys;
    cavities, the third object, lie in all of them.
    """
    height = _landscape(dice, batch, frames, size)
    low = dice.uniform(batch, 1, 1, 1, low=-0.5, high=0.3)
    high = low + dice.uniform(batch, 1, 1, 1, low=0.4, high=1.2)
    labels = (height > low).long() + (height > high)
    change = dice.uniform(batch)
    cavity = noise_over_time(dice, batch, frames, size, 5, change) > 1.2
    labels = torch.where(cavity & (labels > 0), 3, labels)
    body = _body(dice, batch, frames, size)
    level = dice.uniform(batch, 5, low=0.15, high=1.0)
    level[:, 4] = dice.uniform(batch, high=0.15)  # of what lies outside
    place = torch.where(body, labels, 4).flatten(1)
    image = level.gather(1, place).view(labels.shape)
    grain = noise_over_time(dice, batch, frames, size, 48, dice.uniform(batch))
    image = image * (1 + grain * dice.uniform(batch, 1, 1, 1, high=0.1))
    image = blur(image, dice.uniform(batch, low=0.4, high=1.8) * size / 256, 6)
    return Scene(image, torch.where(body, labels, 0))


def _landscape(dice: Dice, batch: int, frames: int, size: int) -> Tensor:
    """Return heights around 0, (B, T, S, S); half of the clips have valleys."""
    coarse, fine = _CELLS[dice.choice((1.0,) * len(_CELLS))]
    change = dice.uniform(batch, low=0.1, high=0.8)
    height = noise_over_time(dice, batch, frames, size, coarse, change)
    rough = noise_over_time(dice, batch, frames, size, fine, change)
    height = height + rough * dice.uniform(batch, 1, 1, 1, low=0.2, high=0.8)
    valleys = dice.coin(batch, 1, 1, 1)
    return torch.where(valleys, 0.6 - 1.5 * height.abs(), height)


def _body(dice: Dice, batch: int, frames: int, size: int) -> Tensor:
    """Return where there is tissue, bool (B, T, S, S): in a round body, or anywhere."""
    place = pixel_places(size, dice.device).view(1, 1, size, size, 2) - 0.5
    radii = dice.uniform(batch, 1, 1, 1, 2, low=0.3, high=0.5)
    wobble = noise_over_time(dice, batch, frames, size, 4, dice.uniform(batch))
    reach = ((place / radii) ** 2).sum(dim=-1) + 0.08 * wobble
    return (reach < 1) | dice.coin(batch, 1, 1, 1, chance=0.3)
