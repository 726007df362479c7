"""Where the model runs, how precisely, and how much memory a group may take."""

from __future__ import annotations

import logging
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import psutil
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from napari_sam2.core.errors import DeviceError, GpuMemoryError
from napari_sam2.core.memory import is_out_of_memory
from napari_sam2.engine.cards import cuda_devices, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.engine.network import Network

_log = logging.getLogger(__name__)

_MIB = 1 << 20

# PyTorch prefers cuDNN on recent GPUs, which plans anew for every shape that it has not
# seen: milliseconds of the processor's time whenever the number of objects or memories
# changes. The others need no plan, and are as quick at these widths.
_KERNELS = [
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.MATH,
]


@dataclass(frozen=True, slots=True)
class Device:
    """What a model can run on.

    Attributes
    ----------
    name : str
        As :func:`pick_device` takes it.
    description : str
        What people call it.
    """

    name: str
    description: str


def find_devices() -> tuple[Device, ...]:
    """Return the devices of this machine that PyTorch can use, the quickest first."""
    cards = cuda_devices()
    found = [
        Device(
            "cuda" if len(cards) == 1 else str(card), torch.cuda.get_device_name(card)
        )
        for card in cards
        if refusal(card) is None
    ]
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU"))
    return (*found, Device("cpu", "processor"))


def pick_device(name: str = "auto") -> torch.device:
    """Return the device called ``name``; ``auto`` is CUDA, else MPS, else the CPU.

    Raises
    ------
    DeviceError
        If the machine has no such device, or PyTorch cannot compute on it.
    """
    if name == "auto":
        return _quickest()
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
        raise DeviceError(
            f"{name!r} is no device: use auto, cpu, cuda, cuda:1 or mps."
        ) from None
    if not _is_available(device):
        raise DeviceError(
            f"This machine has no device {name!r} that PyTorch can use. "
            "Choose the automatic device (dock: Model › Device; command line: "
            "--device auto), or install a PyTorch build for your GPU."
        )
    problem = refusal(device)
    if problem is not None:
        raise DeviceError(problem)
    return device


def _quickest() -> torch.device:
    """Return the device that is chosen when none is named."""
    for number, card in enumerate(cuda_devices()):
        problem = refusal(card)
        if problem is None:
            return card if number else torch.device("cuda")
        _tell(problem)
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


@cache
def _tell(problem: str) -> None:
    """Say it once, however often a device is chosen."""
    _log.warning("%s Another device is used.", problem)


def _is_available(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_available() and (
            device.index is None or device.index < torch.cuda.device_count()
        )
    if device.type == "mps":
        return torch.backends.mps.is_available()
    return device.type == "cpu"


def kept_dtype(device: torch.device) -> torch.dtype:
    """Return what memories are kept in: bfloat16, as the released models do.

    Apple GPUs know it from macOS 14 on only, and not for every operation: there they
    are kept in float32, in twice the memory.
    """
    return torch.float32 if device.type == "mps" else torch.bfloat16


@contextmanager
def inference(network: Network) -> Iterator[None]:
    """Compute without gradients: in bfloat16 if the network is half.

    Torch keeps these modes per thread and they leak out of suspended generators, so
    this is entered around one step of work, never around a ``yield``.

    Raises
    ------
    GpuMemoryError
        If the device runs out of memory.
    """
    kind = network.device.type
    with (
        told_shortage(),
        torch.inference_mode(),
        torch.autocast(kind, torch.bfloat16) if network.is_half else nullcontext(),
        sdpa_kernel(_KERNELS) if kind == "cuda" else nullcontext(),
    ):
        yield


@contextmanager
def told_shortage() -> Iterator[None]:
    """Tell memory that runs out in a sentence.

    Raises
    ------
    GpuMemoryError
        If it does.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise memory_error(error) from error


def memory_error(error: Exception) -> GpuMemoryError:
    """Say which memory does not suffice, and what to do about it."""
    if isinstance(error, MemoryError) or "DefaultCPUAllocator" in str(error):
        return GpuMemoryError(
            "The computer ran out of memory. Track fewer objects at once, choose a "
            "smaller model or image size, or close other programs (dock: Model and "
            "Settings; command line: --model, --image-size)."
        )
    return GpuMemoryError(
        "The GPU ran out of memory. Track fewer objects at once, choose a smaller "
        "model or image size, close other programs that use the GPU, or compute on the "
        "processor (dock: Model and Settings; command line: --model, --image-size, "
        "--device cpu)."
    )


def upload(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Bring values from the host to a device, without waiting for what it does."""
    if device.type == "cuda":
        return values.pin_memory().to(device, non_blocking=True)
    return values.to(device)


def apart(batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Part a batch, (B, …), into batches of one, (1, …).

    They are copies: a view that is kept would keep the whole batch. On CUDA all of them
    are one launch.
    """
    if batch.device.type != "cuda":
        whole = torch.contiguous_format
        return tuple(one.clone(memory_format=whole)[None] for one in batch.unbind())
    made = [batch.new_empty(1, *batch.shape[1:]) for _ in range(len(batch))]
    torch.split_with_sizes_copy(batch.contiguous(), [1] * len(batch), out=made)
    return tuple(made)


def working_memory(device: torch.device) -> int:
    """Return how many bytes one group of objects may take for its activations."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # What PyTorch holds in reserve counts as taken for all others only.
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return (free + held) // 2
    return min(psutil.virtual_memory().available // 4, 1024 * _MIB)
