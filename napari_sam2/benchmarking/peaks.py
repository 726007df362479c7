"""What the device can do at best, measured in the same run as everything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from napari_sam2.benchmarking.clock import seconds
from napari_sam2.model.linear import linear

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.benchmarking.work import Work
    from napari_sam2.engine.network import Network

_REPEATS = 10
_SIDE = {"cpu": 1024, "mps": 4096, "cuda": 8192}
_COPIED_BYTES = {"cpu": 1 << 26, "mps": 1 << 28, "cuda": 1 << 30}


@dataclass(frozen=True, slots=True)
class Peaks:
    """The best of a large matrix product, and of a large copy.

    Attributes
    ----------
    flops_per_second : float
    bytes_per_second : float
        Read and written.
    """

    flops_per_second: float
    bytes_per_second: float

    def better(self, other: Peaks) -> Peaks:
        """Return the better of either."""
        return Peaks(
            max(self.flops_per_second, other.flops_per_second),
            max(self.bytes_per_second, other.bytes_per_second),
        )

    def least_seconds(self, work: Work) -> float:
        """Return how long some work takes at least."""
        return max(
            work.flops / self.flops_per_second, work.nbytes / self.bytes_per_second
        )

    def is_bound_by_memory(self, work: Work) -> bool:
        """Whether moving the data of some work takes longer than computing it."""
        moving = work.nbytes / self.bytes_per_second
        return moving > work.flops / self.flops_per_second


def compute_dtype(model: Network) -> torch.dtype:
    """Return the type that the engine computes a model's matrix products in."""
    return torch.bfloat16 if model.is_half else torch.float32


def measure_peaks(device: torch.device, dtype: torch.dtype) -> Peaks:
    """Multiply two large matrices, copy a large array, and take the best of each."""
    with torch.inference_mode():
        return Peaks(_flops_per_second(device, dtype), _bytes_per_second(device))


def _flops_per_second(device: torch.device, dtype: torch.dtype) -> float:
    one, other = _factors(device, dtype)
    # On a processor the model can take either of these roads.
    quickest = min(_best(lambda: linear(one, other)), _best(lambda: one @ other))
    return 2 * len(one) ** 3 / quickest


def _factors(device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Return two large matrices of noise, the same ones every time, (2, n, n).

    GPUs need less power for numbers that are all alike, and are quicker then than a
    network ever sees them.
    """
    side = _SIDE[device.type]
    noise = torch.Generator(device).manual_seed(0)
    return torch.randn(2, side, side, generator=noise, dtype=dtype, device=device)


def _bytes_per_second(device: torch.device) -> float:
    count = _COPIED_BYTES[device.type]
    source = torch.ones(count, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * count / _best(lambda: target.copy_(source))


def _best(work: Callable[[], object]) -> float:
    work()
    return min(seconds(work) for _ in range(_REPEATS))
