"""How much memory was taken at most, by the process or of a GPU."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import torch

from napari_sam2.engine.compiled.network import CompiledNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.engine.network import Network


class Footprint:
    """Bytes of a GPU that one of two sides holds, and the most it ever took.

    Zero without a GPU.

    Parameters
    ----------
    held : int
        What it holds already: its weights.
    device : torch.device
        Where it computes.
    """

    def __init__(self, held: int, device: torch.device) -> None:
        self.held = self.peak = held
        self._device = device

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what is taken and given back meanwhile as this side's."""
        device = self._device
        if device.type != "cuda":
            yield
            return
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        yield
        most = torch.cuda.max_memory_allocated(device) - before
        self.peak = max(self.peak, self.held + most)
        self.held += torch.cuda.memory_allocated(device) - before


def footprint_of(side: torch.nn.Module | Network) -> Footprint:
    """Return the footprint of a side that has only its weights so far."""
    model = side.model if isinstance(side, CompiledNetwork) else side
    assert isinstance(model, torch.nn.Module), "nothing else is compared"
    tensors = (*model.parameters(), *model.buffers())
    held = sum(tensor.nbytes for tensor in tensors if tensor.is_cuda)
    return Footprint(held, tensors[0].device)


def reset_peak(device: torch.device) -> None:
    """Let :func:`peak_bytes` begin anew, where the device can."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_bytes(device: torch.device) -> int:
    """Return the most memory that was taken.

    On CUDA this is what PyTorch took of the GPU since :func:`reset_peak`, on MPS what
    it holds of it now, elsewhere the most that the process ever held.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if device.type == "mps":
        return torch.mps.driver_allocated_memory()
    return process_peak_bytes()


def process_peak_bytes() -> int:
    """Return the most memory this process ever held, not what its parent did."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would start from the parent's peak on Linux
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    info = psutil.Process().memory_info()
    if hasattr(info, "peak_wset"):
        return int(info.peak_wset)
    import resource  # macOS counts in bytes

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
