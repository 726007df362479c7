"""Whether PyTorch computes on the GPUs that it finds.

It finds cards that are too old or too new for it as well, and warns of them at most.
"""

from __future__ import annotations

from functools import cache

import torch

from napari_sam2.core.memory import is_out_of_memory


def cuda_devices() -> list[torch.device]:
    """Return the devices that speak CUDA, whether they can be computed on or not."""
    if not torch.cuda.is_available():
        return []
    return [torch.device("cuda", number) for number in range(torch.cuda.device_count())]


def refusal(device: torch.device) -> str | None:
    """Say in a sentence why PyTorch cannot compute on a device; None if it can."""
    if device.type != "cuda":
        return None
    return _refusal_of(torch.cuda.get_device_name(device))


@cache
def _refusal_of(card: str) -> str | None:
    """Say it of all cards of a name; only one is tried, which takes it some memory."""
    alike = (one for one in cuda_devices() if torch.cuda.get_device_name(one) == card)
    problem = _tried(next(alike))
    if problem is None:
        return None
    return (
        f"PyTorch {torch.__version__} cannot compute on the GPU {card} ({problem}). "
        "Install a build of PyTorch for this GPU (https://pytorch.org/get-started/"
        "locally), or compute on the processor (dock: Model › Device; command line: "
        "--device cpu)."
    )


def _tried(device: torch.device) -> str | None:
    """Compute something; return what went wrong."""
    try:
        torch.zeros(1, device=device).add_(1).item()
    except RuntimeError as error:
        if is_out_of_memory(error):  # of what others do there now
            return None
        return str(error).strip().partition("\n")[0]
    return None
