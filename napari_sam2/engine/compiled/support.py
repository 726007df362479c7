"""Whether PyTorch can compile for a device, and where it keeps what it compiled."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_sam2.engine.weights.cache import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

GRAPHS = "reduce-overhead"
"""What PyTorch calls replaying a graph as a whole."""
_CACHE_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"


@dataclass(frozen=True, slots=True)
class Compiler:
    """How ``torch.compile`` is called, one way after the other until one gains.

    Attributes
    ----------
    ways : tuple of mapping
        Its arguments.
    least_gain : float
        What is compiled has to be more than so many times as quick.
    """

    ways: tuple[Mapping[str, Any], ...] = ({},)
    least_gain: float = 1.0


def compiler_for(device: torch.device) -> Compiler:
    """Return what compiles for a device.

    On CUDA, graphs that are replayed as a whole come first: most of a small model's
    time goes into starting its steps.
    """
    _keep_in_cache_folder()
    if device.type == "cuda":
        return Compiler(({"mode": GRAPHS}, {}))
    return Compiler()


def _keep_in_cache_folder() -> None:
    """Let what is compiled be found again, unless the user chose another place.

    PyTorch writes its own choice, a temporary folder, into the environment, too.
    """
    from torch._inductor.runtime.cache_dir_utils import default_cache_dir

    if os.environ.get(_CACHE_VARIABLE) in (None, default_cache_dir()):
        os.environ[_CACHE_VARIABLE] = str(cache_folder() / "compiled")


def why_not(device: torch.device) -> str | None:
    """Say in a sentence why nothing can be compiled for a device; None if it can."""
    from torch._dynamo.eval_frame import is_dynamo_supported

    if device.type not in ("cpu", "cuda"):
        return f"PyTorch does not compile reliably for the device {device.type}."
    if not is_dynamo_supported():
        return "This PyTorch does not compile on this version of Python."
    if device.type == "cuda":
        return _no_triton()
    return _no_cpp_compiler()


def _no_triton() -> str | None:
    from torch.utils._triton import has_triton

    if has_triton():
        return None
    return (
        "PyTorch compiles for this GPU with Triton, which is not installed, does not "
        "know it, or cannot be in one process with the graphics driver that draws the "
        "window (on the command line it can)."
    )


def _no_cpp_compiler() -> str | None:
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except (InvalidCxxCompiler, OSError, RuntimeError):
        return (
            "PyTorch compiles for the processor with a C++ compiler, and finds none: "
            "install g++ or clang (Windows: Visual Studio's build tools), or name one "
            "in the environment variable CXX."
        )
    return None
