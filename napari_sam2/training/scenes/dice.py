"""Seeded chance on the device where scenes are drawn."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_STRIDE = 1_000_003  # keeps the batches of neighbouring seeds apart


class Dice:
    """Random tensors that depend on a seed and the number of a batch only.

    A stream of batches can therefore be taken up anywhere, without a stored state.

    Parameters
    ----------
    seed, batch : int
        The stream, and the place in it.
    device : torch.device
        Where tensors are made.
    """

    def __init__(self, seed: int, batch: int, device: torch.device) -> None:
        self.device = device
        self._generator = torch.Generator(device).manual_seed(seed * _STRIDE + batch)
        self._host = torch.Generator().manual_seed(seed * _STRIDE + batch)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Return numbers spread evenly between two bounds."""
        unit = torch.rand(shape, generator=self._generator, device=self.device)
        return low + (high - low) * unit

    def log_uniform(self, *shape: int, low: float, high: float) -> Tensor:
        """Return numbers whose logarithms are spread evenly between two bounds."""
        return self.uniform(*shape, low=math.log(low), high=math.log(high)).exp()

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Return numbers from a normal distribution around 0."""
        unit = torch.randn(shape, generator=self._generator, device=self.device)
        return scale * unit

    def coin(self, *shape: int, chance: float = 0.5) -> Tensor:
        """Return booleans, true with a chance."""
        return self.uniform(*shape) < chance

    def integers(self, *shape: int, low: int, high: int) -> Tensor:
        """Return integers from ``low`` up to, not including, ``high``."""
        return torch.randint(
            low, high, shape, generator=self._generator, device=self.device
        )

    def choice(self, weights: tuple[float, ...]) -> int:
        """Return one index, decided on the host so that no device is waited for."""
        table = torch.tensor(weights)
        return int(torch.multinomial(table, 1, generator=self._host))

    def fraction(self) -> float:
        """Return one number from 0 to 1, decided on the host."""
        return float(torch.rand((), generator=self._host))
