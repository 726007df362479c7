"""Memory that runs out, whoever asked for it."""

from __future__ import annotations

_WORDS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    # CUBLAS_STATUS_… and CUDNN_STATUS_…: on a card that is nearly full they come first.
    "alloc_failed",
    "allocation_failed",
)


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an error says that no memory was left, on a device or in the computer.

    The allocators of torch and of CUDA raise RuntimeError, told by its words alone.
    """
    if isinstance(problem, MemoryError):
        return True
    said = str(problem).lower()
    return isinstance(problem, RuntimeError) and any(one in said for one in _WORDS)
