"""Simulated users: which objects are asked for, and what is said about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F

from napari_sam2.model.prompt_encoder import BOX_END, BOX_START, NEGATIVE, POSITIVE
from napari_sam2.training.scenes.scene import MOST_OBJECTS

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.training.scenes.dice import Dice

# Pixels that make an object visible, in a frame of 256 × 256.
_FEWEST = 24


class Asked(NamedTuple):
    """K objects to be found, of B clips.

    Attributes
    ----------
    clips : Tensor of int64, shape (K,)
        The clip of each.
    masks : Tensor of bool, shape (K, T, S, S)
    """

    clips: Tensor
    masks: Tensor


class Points(NamedTuple):
    """Points and box corners of K objects, as the prompt encoder takes them.

    Attributes
    ----------
    xy : Tensor, shape (K, N, 2)
        Model pixels, pixel edges at integers.
    labels : Tensor of int64, shape (K, N)
    """

    xy: Tensor
    labels: Tensor

    def and_then(self, more: Points) -> Points:
        """Return these points and then others."""
        return Points(
            torch.cat([self.xy, more.xy], dim=1),
            torch.cat([self.labels, more.labels], dim=1),
        )


def ask(dice: Dice, labels: Tensor, per_clip: int) -> Asked:
    """Choose objects of the first frame, preferring those that vanish later.

    Parameters
    ----------
    dice : Dice
    labels : Tensor of int64, shape (B, T, S, S)
        Ids below 96.
    per_clip : int
        Most objects of one clip.
    """
    counts = _areas(labels)  # (B, T, ids)
    enough = max(4, _FEWEST * labels.shape[-1] ** 2 // 256**2)
    visible = counts[:, 0] >= enough
    visible[:, 0] = False
    vanishes = (counts == 0).any(dim=1)
    score = dice.uniform(*visible.shape) + 0.15 * vanishes
    score = torch.where(visible, score, score.new_full((), -1.0))
    best = score.topk(per_clip, dim=1)
    clips, places = (best.values > 0).nonzero(as_tuple=True)
    ids = best.indices[clips, places]
    return Asked(clips, labels[clips] == ids[:, None, None, None])


def _areas(labels: Tensor) -> Tensor:
    """Count the pixels of every id on every frame, (B, T, 96)."""
    batch, frames = labels.shape[:2]
    flat = labels.flatten(2)
    counts = torch.zeros(batch, frames, 1 + MOST_OBJECTS, device=labels.device)
    return counts.scatter_add_(2, flat, torch.ones_like(flat, dtype=counts.dtype))


def click(dice: Dice, masks: Tensor, *, central: float = 0.5) -> Tensor:
    """Return one (x, y) inside every mask, (K, 2), in model pixels.

    Parameters
    ----------
    dice : Dice
    masks : Tensor of bool, shape (K, S, S)
        Where a mask is empty, any point comes back.
    central : float, optional
        Chance of a click deep inside; elsewhere any pixel is as likely.
    """
    chance = dice.uniform(*masks.shape)
    deep = depth(masks) + 0.02 * chance
    is_central = dice.coin(len(masks), 1, 1, chance=central)
    score = torch.where(is_central, deep, chance)
    score = torch.where(masks, score, score.new_full((), -1.0))
    index = score.flatten(1).argmax(dim=1)
    size = masks.shape[-1]
    return torch.stack([index % size, index // size], dim=-1) + 0.5


def depth(masks: Tensor) -> Tensor:
    """Return how deep inside its mask every pixel lies, (K, S, S), on no fixed scale.

    The sum of the mask averaged over windows of growing size: like a distance
    transform it is highest far from the outline, and it runs on any device.
    """
    soft = masks.float().unsqueeze(1)
    total, size = soft.clone(), masks.shape[-1]
    smaller = soft
    while smaller.shape[-1] > 4:
        smaller = F.avg_pool2d(smaller, 2)
        total = total + F.interpolate(
            smaller, size=(size, size), mode="bilinear", align_corners=False
        )
    return total.squeeze(1)


def clicks(dice: Dice, masks: Tensor) -> Points:
    """Return one positive click per mask."""
    xy = click(dice, masks)[:, None]
    labels = torch.full(xy.shape[:2], POSITIVE, device=xy.device)
    return Points(xy, labels)


def boxes(dice: Dice, masks: Tensor, *, jitter: float = 0.06) -> Points:
    """Return the box around every mask, as a hasty user draws it.

    Parameters
    ----------
    dice : Dice
    masks : Tensor of bool, shape (K, S, S)
    jitter : float, optional
        Standard deviation of each corner, in widths and heights of the box.
    """
    size = masks.shape[-1]
    low_x, high_x = _extent(masks.any(dim=1))
    low_y, high_y = _extent(masks.any(dim=2))
    corners = torch.stack([low_x, low_y, high_x, high_y], dim=-1)  # (K, 4)
    width, height = high_x - low_x + 1, high_y - low_y + 1
    scale = torch.stack([width, height, width, height], dim=-1)
    careless = dice.coin(len(masks), 1, chance=0.7)
    moved = dice.normal(len(masks), 4, scale=jitter) * scale * careless
    corners = corners + 0.5 + moved.clamp(-0.05 * size, 0.05 * size)
    xy = corners.clamp(0, size).view(-1, 2, 2)
    labels = torch.tensor([BOX_START, BOX_END], device=masks.device)
    return Points(xy, labels.expand(len(masks), -1))


def _extent(hit: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first and last true index of each row of (K, S)."""
    size = hit.shape[1]
    index = torch.arange(size, device=hit.device, dtype=torch.float32)
    first = torch.where(hit, index, index.new_full((), size)).amin(dim=1)
    last = torch.where(hit, index, index.new_full((), -1)).amax(dim=1)
    return first.clamp(max=size - 1), last.clamp(min=0)


def corrections(dice: Dice, found: Tensor, truth: Tensor) -> Points:
    """Return one click per object where the answer is wrong.

    Parameters
    ----------
    dice : Dice
    found, truth : Tensor of bool, shape (K, S, S)
        Where both agree everywhere, the click confirms the object.
    """
    wrong = found ^ truth
    right = ~wrong.flatten(1).any(dim=1)
    xy = click(dice, torch.where(right[:, None, None], truth, wrong), central=0.7)
    column, row = xy.long().unbind(-1)
    inside = truth[torch.arange(len(truth), device=truth.device), row, column]
    labels = torch.where(inside, POSITIVE, NEGATIVE)
    return Points(xy[:, None], labels[:, None])
