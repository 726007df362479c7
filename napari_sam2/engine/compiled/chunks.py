"""Any number of frames or objects as batches of few sizes: each is compiled once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from torch import Tensor

SIZES = (16, 4, 1)
_LEAST_FULL = 0.75  # below this, filling up costs more than another batch


class Chunk(NamedTuple):
    """Some frames or objects that are computed at once.

    Attributes
    ----------
    rows : slice
        Which of them.
    size : int
        The batch that they are filled up to, one of :data:`SIZES`.
    """

    rows: slice
    size: int


def chunks(count: int) -> list[Chunk]:
    """Part frames or objects into batches; only the last may have to be filled up."""
    found: list[Chunk] = []
    start = 0
    while start < count:
        left = count - start
        size = next(size for size in SIZES if left >= _LEAST_FULL * size)
        stop = min(count, start + size)
        found.append(Chunk(slice(start, stop), size))
        start = stop
    return found


def filled(x: Tensor, chunk: Chunk) -> Tensor:
    """Return the rows of a chunk and its last one again, up to the batch's size."""
    part = x[chunk.rows]
    missing = chunk.size - len(part)
    if not missing:
        return part
    return torch.cat([part, part[-1:].expand(missing, *part.shape[1:])])
