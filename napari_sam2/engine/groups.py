"""Groups that fit the device: as much at once as it has memory for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

import torch

from napari_sam2.core.memory import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_log = logging.getLogger(__name__)

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


def give_back_reserve() -> None:
    """Give back what PyTorch holds of a GPU's memory and does not use."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


class GroupRunner:
    """Runs groups in chunks, and halves the chunk when the device runs out of memory.

    Parameters
    ----------
    size : int
        Most objects computed at once.
    what : str, optional
        What they are called when memory runs out.
    """

    def __init__(self, size: int, what: str = "objects") -> None:
        self.size = max(1, size)
        self._what = what

    def run(
        self, group: Sequence[Item], step: Callable[[Sequence[Item]], list[Outcome]]
    ) -> list[Outcome]:
        """Apply ``step`` to chunks of the group.

        Raises
        ------
        RuntimeError
            As ``step`` does, if a single object does not fit.
        """
        found: list[Outcome] = []
        while len(found) < len(group):
            chunk = group[len(found) : len(found) + self.size]
            try:
                found += step(chunk)
                continue
            except (RuntimeError, MemoryError) as error:
                if len(chunk) == 1 or not is_out_of_memory(error):
                    raise
            # Out here, where the failed step's tensors are free.
            self._shrink(len(chunk) // 2)
        return found

    def _shrink(self, size: int) -> None:
        self.size = size
        _log.warning("Out of memory: %s are computed %d at a time", self._what, size)
        give_back_reserve()
