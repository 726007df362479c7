"""Where things are from frame to frame: crowds, drifts, wanderings, divisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.training.scenes.dice import Dice


def wander(dice: Dice, batch: int, frames: int, count: int, speed: Tensor) -> Tensor:
    """Return displacements since the first frame, (B, T, N, 2).

    Things keep a direction and stray from it; the frame as a whole drifts along.
    ``speed`` (B,) is in frame widths per frame.
    """
    heading = dice.normal(batch, 1, count, 2)
    stray = dice.normal(batch, frames, count, 2, scale=0.5)
    drift = dice.normal(batch, 1, 1, 2) * dice.uniform(batch, 1, 1, 1)
    steps = (heading + stray + drift) * speed[:, None, None, None] * 0.6
    steps = torch.cat([torch.zeros_like(steps[:, :1]), steps[:, 1:]], dim=1)
    return steps.cumsum(dim=1)


def crowd(dice: Dice, batch: int, count: int, spread: Tensor, room: Tensor) -> Tensor:
    """Return places that keep their distance, (B, N, 2).

    Parameters
    ----------
    dice : Dice
    batch, count : int
    spread : Tensor, shape (B,)
        Side of the square that is filled, around a centre that is usually in view.
    room : Tensor, shape (B, N)
        Radius that each wants for itself.
    """
    middle = dice.uniform(batch, 1, 2, low=0.3, high=0.7)
    places = middle + dice.uniform(batch, count, 2, low=-0.5, high=0.5) * spread.view(
        -1, 1, 1
    )
    wanted = room[:, :, None] + room[:, None, :]
    itself = torch.eye(count, device=dice.device) * 1e3
    for _ in range(10):
        apart = places[:, :, None] - places[:, None]  # (B, N, N, 2)
        distance = apart.norm(dim=-1) + itself + 1e-4
        push = (wanted - distance).clamp(min=0) / distance * 0.4
        places = places + (apart * push[..., None]).sum(dim=2) * 0.7
    return places


def lifetimes(dice: Dice, batch: int, frames: int, count: int, chance: float) -> Tensor:
    """Return who is there when, bool (B, T, N): a few come late or go early."""
    time = torch.arange(frames, device=dice.device)[None, :, None]
    come = dice.integers(batch, 1, count, low=1, high=max(2, frames))
    gone = dice.integers(batch, 1, count, low=1, high=max(2, frames))
    late = dice.coin(batch, 1, count, chance=chance) & (time < come)
    early = dice.coin(batch, 1, count, chance=chance) & (time >= gone)
    return ~(late | early)


def pulse(dice: Dice, batch: int, frames: int, count: int, scale: float) -> Tensor:
    """Return factors around 1 that change smoothly in time, (B, T, N)."""
    time = torch.linspace(0, 1, frames, device=dice.device)[None, :, None]
    trend = dice.normal(batch, 1, count, scale=scale) * time
    swing = dice.normal(batch, 1, count, scale=0.5 * scale) * torch.sin(
        6.28 * (time * dice.uniform(batch, 1, count) + dice.uniform(batch, 1, count))
    )
    return (trend + swing).exp()
