"""How much of a GPU's memory one of two sides takes, while both are on it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


class Footprint:
    """Bytes that one side holds, and the most it ever took; zero without a GPU.

    Parameters
    ----------
    held : int
        What it holds already: its weights.
    """

    def __init__(self, held: int) -> None:
        self.held = self.peak = held

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what is taken and given back meanwhile as this side's."""
        if not torch.cuda.is_initialized():
            yield
            return
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        yield
        self.peak = max(
            self.peak, self.held + torch.cuda.max_memory_allocated() - before
        )
        self.held += torch.cuda.memory_allocated() - before


def footprint_of(model: torch.nn.Module) -> Footprint:
    """Return the footprint of a side that has only its weights so far."""
    tensors = (*model.parameters(), *model.buffers())
    return Footprint(sum(tensor.nbytes for tensor in tensors if tensor.is_cuda))
