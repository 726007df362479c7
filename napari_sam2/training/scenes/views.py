"""Where the camera looks: often closely at one object, and not always squarely.

Small stacks are enlarged to the size of the model, so their pictures are soft and their
objects large; wide ones are squeezed. Cutting views out of drawn clips gives both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F

from napari_sam2.training.scenes.parts import pixel_places
from napari_sam2.training.scenes.scene import MOST_OBJECTS

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.training.scenes.dice import Dice

_SMALLEST = 0.12  # of a frame's width: closer, there is nothing left to see


class View(NamedTuple):
    """The windows through which clips are seen; 0 … 1 is the whole frame.

    Attributes
    ----------
    centres : Tensor, shape (B, T, 2)
        (x, y).
    sides : Tensor, shape (B, T, 2)
        Width and height.
    """

    centres: Tensor
    sides: Tensor


def closer(dice: Dice, labels: Tensor, *, chance: float) -> View:
    """Choose windows around one object of each clip, for a share of the clips.

    Half of them follow their object, the others stand still. All lie within the frame.

    Parameters
    ----------
    dice : Dice
    labels : Tensor of int64, shape (B, T, S, S)
        Ids below 96.
    chance : float
        Of a close view; else the whole frame is seen.
    """
    batch, frames = labels.shape[:2]
    middle, extent = _whereabouts(one_object(dice, labels))
    room = dice.log_uniform(batch, 1, 1, low=1.5, high=4.5)
    squeeze = dice.normal(batch, 1, 1, scale=0.25)
    squeeze = torch.cat([squeeze.exp(), (-squeeze).exp()], dim=-1)
    unsteady = dice.normal(batch, frames, 1, scale=0.03).exp()
    largest = extent[:, :1].amax(dim=-1, keepdim=True)  # on the first frame
    sides = (largest * room * squeeze * unsteady).clamp(_SMALLEST, 1.0)
    follows = dice.coin(batch, 1, 1)
    centres = torch.where(follows, middle, middle[:, :1])
    aside = dice.normal(batch, 1, 2, scale=0.12) + dice.normal(
        batch, frames, 2, scale=0.02
    )
    is_close = dice.coin(batch, 1, 1, chance=chance)
    sides = torch.where(is_close, sides, torch.ones_like(sides))
    centres = (centres + aside * sides).clamp(sides / 2, 1 - sides / 2)
    return View(centres, sides)


def one_object(dice: Dice, labels: Tensor) -> Tensor:
    """Return the mask of one object per clip, bool (B, T, S, S).

    It is visible on the first frame, where any object is; all are as likely.
    """
    luck = dice.uniform(len(labels), 1 + MOST_OBJECTS, low=0.01)
    luck[:, 0] = 0
    first = labels[:, 0].flatten(1)
    winner = luck.gather(1, first).argmax(dim=1, keepdim=True)
    chosen = first.gather(1, winner)[..., None, None]
    return (labels == chosen) & (chosen > 0)


def _whereabouts(masks: Tensor) -> tuple[Tensor, Tensor]:
    """Return centres and extents (B, T, 2) of masks (B, T, S, S), as (x, y).

    Where nothing is to be seen, they are those of the first frame.
    """
    size = masks.shape[-1]
    low, high = [], []
    index = torch.arange(size, device=masks.device, dtype=torch.float32)
    for axis in (-2, -1):
        hit = masks.any(dim=axis)
        low.append(torch.where(hit, index, float(size)).amin(dim=-1))
        high.append(torch.where(hit, index + 1, 0.0).amax(dim=-1))
    first, last = torch.stack(low, dim=-1), torch.stack(high, dim=-1)
    centres, extents = (first + last) / (2 * size), (last - first) / size
    seen = (extents > 0).all(dim=-1, keepdim=True)
    anywhere = torch.where(seen[:, :1], centres[:, :1], 0.5)
    whole = torch.where(seen[:, :1], extents[:, :1], 1.0)
    return torch.where(seen, centres, anywhere), torch.where(seen, extents, whole)


def through(view: View, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return images (B, T, C, S, S) and labels (B, T, S, S) as seen through windows."""
    batch, frames, _, size = images.shape[:4]
    place = pixel_places(size, images.device).view(1, 1, size, size, 2) - 0.5
    centres, sides = (part[:, :, None, None] for part in view)
    grid = (2 * (centres + place * sides) - 1).flatten(0, 1)
    seen = F.grid_sample(
        images.flatten(0, 1), grid, padding_mode="border", align_corners=False
    )
    found = F.grid_sample(
        labels.flatten(0, 1)[:, None].float(), grid, "nearest", "border", False
    )
    square = (batch, frames, size, size)
    return seen.unflatten(0, (batch, frames)), found.long().view(square)
