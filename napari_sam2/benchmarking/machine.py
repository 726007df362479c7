"""What it was measured on, and what else was going on there."""

from __future__ import annotations

import platform
from dataclasses import dataclass

import psutil
import torch

from napari_sam2 import __version__


@dataclass(frozen=True, slots=True)
class Machine:
    """Where numbers come from.

    Attributes
    ----------
    device : str
        The processor or GPU.
    system : str
        Operating system and architecture.
    cores, threads : int
        Logical processors, and threads that PyTorch computes with.
    versions : dict of str to str
        Of napari-sam2, PyTorch and Python.
    load_before, load_after : float
        Load averages of the last minute.
    others_share : float
        How much of the processors' time other programs took meanwhile, 0 to 1.
    """

    device: str
    system: str
    cores: int
    threads: int
    versions: dict[str, str]
    load_before: float
    load_after: float
    others_share: float


class Watch:
    """Looks at the machine from when it is made until it is asked."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._load = psutil.getloadavg()[0]
        self._busy, self._all = _processor_seconds()
        self._own = _own_seconds()

    def machine(self) -> Machine:
        """Describe the machine, and what it did since."""
        busy, everything = _processor_seconds()
        others = (busy - self._busy) - (_own_seconds() - self._own)
        share = others / max(everything - self._all, 1e-9)
        return Machine(
            device=device_name(self._device),
            system=f"{platform.system()} {platform.machine()}",
            cores=psutil.cpu_count() or 1,
            threads=torch.get_num_threads(),
            versions={
                "napari-sam2": __version__,
                "torch": torch.__version__,
                "python": platform.python_version(),
            },
            load_before=self._load,
            load_after=psutil.getloadavg()[0],
            others_share=min(1.0, max(0.0, share)),
        )


def device_name(device: torch.device) -> str:
    """Return what people call a device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "Apple GPU" if device.type == "mps" else "CPU"


def _processor_seconds() -> tuple[float, float]:
    """Return how long all processors have worked, and how long there was to work."""
    times = psutil.cpu_times()
    everything = times.user + times.system + times.idle
    everything += getattr(times, "nice", 0.0) + getattr(times, "iowait", 0.0)
    waiting = times.idle + getattr(times, "iowait", 0.0)
    return everything - waiting, everything


def _own_seconds() -> float:
    times = psutil.Process().cpu_times()
    return times.user + times.system
