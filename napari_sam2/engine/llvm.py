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
    library = _loaded_llvm()
    if library is None or "triton" in sys.modules:
        return
    sys.modules["triton"] = None  # type: ignore[assignment]  # so it cannot be imported
    _log.info(
        "Triton is left out, as %s is loaded, most likely by the graphics driver: "
        "nothing can be compiled for a GPU in this process.",
        library,
    )


def _loaded_llvm() -> str | None:
    """Return the path of a library of LLVM in this process."""
    try:
        mapped = _MAPPED.read_text(errors="replace").splitlines()
    except OSError:  # no Linux
        return None
    return next((line.split()[-1] for line in mapped if "libLLVM" in line), None)
