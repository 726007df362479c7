"""Memories of any number as one of few numbers, for each is compiled once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F

from napari_sam2.model.memory_attention import MemoryTokens

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.model.config import Sam2Config

_STEADY = 4  # times that a number of memories comes before it is the usual one
_MORE_PROMPTS = 4


class Held(NamedTuple):
    """How many tokens are remembered: of spatial memories, and of pointers."""

    spatial: int
    pointers: int


class FullBank:
    """Learns how much a run looks back at when its bank is full.

    That much is looked at as it is. More, because of more prompted frames, is filled up
    with tokens that nobody sees. Less is that of a run's first frames, which are not
    worth it.

    Parameters
    ----------
    config : Sam2Config
        Of the model.
    """

    def __init__(self, config: Sam2Config) -> None:
        per_memory, per_pointer = config.grid**2, config.hidden_dim // config.memory_dim
        self._usual_most = Held(
            config.memory_count * per_memory, config.pointer_count * per_pointer
        )
        self._most = Held(
            self._usual_most.spatial + _MORE_PROMPTS * per_memory,
            self._usual_most.pointers + _MORE_PROMPTS * per_pointer,
        )
        self._seen: Counter[Held] = Counter()
        self._full: Held | None = None

    def filled(self, memory: MemoryTokens) -> MemoryTokens | None:
        """Return memories in a number that is compiled, or None for others."""
        pointers = memory.pointer_tokens
        held = Held(memory.keys.shape[1] - pointers, pointers)
        self._learn(held)
        if self._full is None or held.spatial < self._full.spatial:
            return None
        if held == self._full:
            return memory
        for wanted in (self._full, self._most):
            if _fits(held, wanted):
                return filled_up(memory, wanted)
        return None

    def _learn(self, held: Held) -> None:
        """Take what comes with all pointers for full: those are the last to come."""
        most = self._usual_most
        if held.spatial > most.spatial or held.pointers != most.pointers:
            return
        self._seen[held] += 1
        if self._seen[held] >= _STEADY and (self._full is None or held > self._full):
            self._full = held


def _fits(held: Held, most: Held) -> bool:
    return held.spatial <= most.spatial and held.pointers <= most.pointers


def filled_up(memory: MemoryTokens, wanted: Held) -> MemoryTokens:
    """Add tokens that nobody sees."""
    own = memory.keys.shape[1] - memory.pointer_tokens
    lacking = wanted.spatial - own, wanted.pointers - memory.pointer_tokens

    def grown(tokens: Tensor) -> Tensor:
        placed = F.pad(tokens[:, :own], (0, 0, 0, lacking[0]))
        return torch.cat([placed, F.pad(tokens[:, own:], (0, 0, 0, lacking[1]))], dim=1)

    bias = memory.keys.new_zeros(sum(wanted))
    bias[own : wanted.spatial] = -torch.inf
    bias[wanted.spatial + memory.pointer_tokens :] = -torch.inf
    return MemoryTokens(grown(memory.values), grown(memory.keys), wanted.pointers, bias)
