"""Objects as sets of ellipses on every frame, and the exact masks that they cover.

An ellipse is a quadratic polynomial of the pixel's place, so the values of all
ellipses at all pixels are one matrix product.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Parts(NamedTuple):
    """N ellipses of B clips with T frames; places run from 0 to 1 across a frame.

    Attributes
    ----------
    centres : Tensor, shape (B, T, N, 2)
        (x, y).
    shapes : Tensor, shape (B, T, N, 2, 2)
        Maps offsets from the centre to the unit disc.
    owners : Tensor of int64, shape (B, N)
        The object that a part belongs to, from 1; 0 for things that are not asked for.
    present : Tensor of bool, shape (B, T, N)
    """

    centres: Tensor
    shapes: Tensor
    owners: Tensor
    present: Tensor


class Raster(NamedTuple):
    """Which part lies on top where.

    Attributes
    ----------
    labels : Tensor of int64, shape (B, T, S, S)
        Owners; 0 where there is no part.
    winners : Tensor of int64, shape (B, T, S, S)
        Index of the part, also where ``covered`` is false.
    covered : Tensor of bool, shape (B, T, S, S)
    inner : Tensor, shape (B, T, S, S)
        Squared distance from the winner's centre: 0 there, 1 on its outline.
    gap : Tensor, shape (B, T, S, S)
        How much farther the next other object is, in the winner's radii; 0 on borders.
    """

    labels: Tensor
    winners: Tensor
    covered: Tensor
    inner: Tensor
    gap: Tensor


_FAR = 1e6


def pixel_places(size: int, device: torch.device) -> Tensor:
    """Return the (x, y) of all pixel centres, (size * size, 2), from 0 to 1."""
    centres = (torch.arange(size, device=device) + 0.5) / size
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    return torch.stack([x, y], dim=-1).flatten(0, 1)


def ellipse_shapes(radii: Tensor, aspect: Tensor, angle: Tensor) -> Tensor:
    """Return ``Parts.shapes`` from mean radius, ratio of axes and angle, all (...)."""
    cosine, sine = angle.cos(), angle.sin()
    along, across = radii * aspect.sqrt(), radii / aspect.sqrt()
    rows = [
        torch.stack([cosine / along, sine / along], dim=-1),
        torch.stack([-sine / across, cosine / across], dim=-1),
    ]
    return torch.stack(rows, dim=-2)


def rasterise(
    parts: Parts,
    size: int,
    warp: Tensor | None = None,
    *,
    layered: bool = False,
    endless: bool = False,
) -> Raster:
    """Find the part on top of every pixel.

    Parameters
    ----------
    parts : Parts
    size : int
        Side of the frames in pixels.
    warp : Tensor, shape (B, T, S * S, 2), optional
        Displacements that make outlines irregular.
    layered : bool, optional
        Parts with lower indices hide the others; otherwise the nearest one wins, so
        that neighbours touch along a line between them.
    endless : bool, optional
        Parts reach as far as their neighbours let them and cover everything.
    """
    frames = [
        _compete(_frame(parts, t), size, None if warp is None else warp[:, t], layered)
        for t in range(parts.present.shape[1])
    ]
    winners, inner, gap = (torch.stack(each, 1) for each in zip(*frames, strict=True))
    owners = parts.owners[:, None].expand(-1, len(frames), -1).gather(2, winners)
    covered = inner < (_FAR if endless else 1.0)
    labels = torch.where(covered, owners, torch.zeros_like(owners))
    square = (*winners.shape[:2], size, size)
    return Raster(*(t.view(square) for t in (labels, winners, covered, inner, gap)))


def _frame(parts: Parts, frame: int) -> Parts:
    """Return the parts on one frame, without the axis of time."""
    return Parts(
        parts.centres[:, frame],
        parts.shapes[:, frame],
        parts.owners,
        parts.present[:, frame],
    )


def _compete(
    parts: Parts, size: int, warp: Tensor | None, layered: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return winner, its squared distance and the gap, (B, HW), on one frame.

    One frame at a time, so that the table of distances stays in a processor's cache.
    """
    distance = _distances(parts, size, warp)  # (B, HW, N)
    key = distance
    if layered:
        rank = torch.arange(distance.shape[-1], device=distance.device)
        key = torch.where(distance < 1, rank.to(distance.dtype), _FAR + distance)
    winners = key.argmin(dim=-1)
    inner = distance.gather(-1, winners[..., None])[..., 0].clamp(min=0)
    owners = parts.owners.to(torch.int16)
    won = owners.gather(1, winners)
    distance.masked_fill_(won[..., None] == owners[:, None], _FAR)
    gap = distance.amin(dim=-1).clamp(min=0).sqrt() - inner.sqrt()
    return winners, inner, gap


def at_winners(raster: Raster, values: Tensor) -> Tensor:
    """Spread values of parts, (B, N) or (B, T, N), over the pixels they win."""
    frames = raster.winners.shape[1]
    if values.ndim == 2:
        values = values[:, None].expand(-1, frames, -1)
    return values.gather(2, raster.winners.flatten(2)).view(raster.winners.shape)


def own_places(raster: Raster, parts: Parts) -> Tensor:
    """Return pixels in the winner's own coordinates, (B, T, S, S, 2).

    A texture looked up there moves, turns and grows with the part.
    """
    size = raster.winners.shape[-1]
    place = pixel_places(size, raster.winners.device).unflatten(0, (size, size))
    known = torch.cat([parts.centres, parts.shapes.flatten(-2)], dim=-1)  # (B, T, N, 6)
    index = raster.winners.flatten(2)[..., None].expand(-1, -1, -1, 6)
    centre, shape = known.gather(2, index).unflatten(2, (size, size)).split([2, 4], -1)
    offset = (place - centre)[..., None, :]  # (B, T, S, S, 1, 2)
    return (shape.unflatten(-1, (2, 2)) * offset).sum(dim=-1)


def _distances(parts: Parts, size: int, warp: Tensor | None) -> Tensor:
    """Return squared distances of pixels in radii on one frame, (B, HW, N)."""
    place = pixel_places(size, parts.centres.device) - 0.5
    place = place.expand(len(parts.owners), -1, -1) if warp is None else place + warp
    x, y = place.unbind(-1)
    monomials = torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y], dim=-1)
    form = parts.shapes.mT @ parts.shapes  # (B, N, 2, 2)
    centre = parts.centres - 0.5
    pull = (form @ centre[..., None])[..., 0]  # (B, N, 2)
    coefficients = torch.stack(
        [
            (pull * centre).sum(-1), -2 * pull[..., 0], -2 * pull[..., 1],
            form[..., 0, 0], 2 * form[..., 0, 1], form[..., 1, 1],
        ],
        dim=-1,
    )  # fmt: skip
    nowhere = coefficients.new_tensor([2 * _FAR, 0, 0, 0, 0, 0])
    coefficients = torch.where(parts.present[..., None], coefficients, nowhere)
    return monomials @ coefficients.mT
