"""One process bears one LLVM."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

_log = logging.getLogger(__name__)
_MAPPED = Path("/proc/self/maps")


def leave_triton_out() -> None:
    """Let PyTorch do without Triton where a graphics driver has brought an LLVM.

    Mesa, which draws napari's window on many Linux machines (AMD, remote desktops,
    virtual machines), loads a library of LLVM. Triton, which comes with PyTorch, has
    another in itself, mixes them up as soon as it is imported, and ends the whole
    program. PyTorch imports it with its compiler, which fine-tuning and exports load,
    too; where it is not to be had, all but compiling for GPUs works without. Nothing is
    done where Triton is there already, as it came first and met no other.
    """
    if "triton" in sys.modules or not _has_llvm():
        return
    sys.modules["triton"] = None  # type: ignore[assignment]  # so it cannot be imported
    _log.info(
        "Triton is left out, as the window's graphics driver has loaded LLVM: nothing "
        "can be compiled for a GPU in this process."
    )


def _has_llvm() -> bool:
    try:
        return "libLLVM" in _MAPPED.read_text(errors="replace")
    except OSError:  # no Linux
        return False
