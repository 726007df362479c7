"""Looking into volumes between voxels: brightness, and labels as smooth as it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor


class Corner(NamedTuple):
    """One of the eight voxels around each place.

    Attributes
    ----------
    voxel : Tensor of int64, shape (B, T, S, S)
        In the flattened volume.
    there : Tensor of bool, shape (B, T, S, S)
        Whether it lies within the volume.
    weight : Tensor, shape (B, T, S, S)
        Its share in linear interpolation.
    """

    voxel: Tensor
    there: Tensor
    weight: Tensor

    def of(self, volume: Tensor) -> Tensor:
        """Return the voxels of a volume (D, H, W), (B, T, S, S); 0 outside."""
        return volume.flatten()[self.voxel] * self.there


def corners(places: Tensor, shape: Sequence[int]) -> Iterator[Corner]:
    """Yield the eight voxels around places, one after the other to save memory.

    Parameters
    ----------
    places : Tensor, shape (B, T, S, S, 3)
        In x, y and z, in voxels from the outer corner of the volume.
    shape : sequence of int
        Depth, height and width of the volume.
    """
    size = torch.tensor(shape[::-1], device=places.device)
    low = (places - 0.5).floor()
    share = places - 0.5 - low
    for steps in product((0, 1), repeat=3):
        step = torch.tensor(steps, device=places.device)
        near = low.long() + step
        there = ((near >= 0) & (near < size)).all(dim=-1)
        x, y, z = (near * there[..., None]).unbind(dim=-1)
        voxel = (z * shape[1] + y) * shape[2] + x
        yield Corner(voxel, there, (1 - step + (2 * step - 1) * share).prod(dim=-1))


def at(table: Tensor, keys: Tensor) -> Tensor:
    """Look up keys (B, ...) in the table (B, K) of each clip."""
    return table.gather(1, keys.flatten(1)).view_as(keys)


def most_votes(labels: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """Return the label with most weight at each place, (B, T, S, S)."""
    best, most = labels[0], torch.full_like(weights[0], -1)
    for label in labels:
        votes = torch.zeros_like(most)
        for other, weight in zip(labels, weights, strict=True):
            votes += weight * (other == label)
        best = torch.where(votes > most, label, best)
        most = torch.maximum(most, votes)
    return best
