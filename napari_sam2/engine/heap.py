"""Memory that was freed is used again, and not fetched from the system anew."""

from __future__ import annotations

import ctypes
import logging
import os
import platform
from functools import cache

_log = logging.getLogger(__name__)

# Of mallopt(3). What is set once is not adapted any more, so both are needed.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_FROM_HEAP = 32 << 20  # bytes; older libraries refuse more
_MOST_KEPT = 256 << 20
_OWN_WISHES = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


@cache
def keep_freed_memory() -> bool:
    """Let the C library keep up to 256 MiB at hand that were freed.

    Intermediate results of a frame are some megabytes each. GNU's library gives them
    back to the system as soon as twice the largest of them are free, and the system
    then hands out every page of 4 KiB anew, filled with zeros: with eight objects
    60,000 times a frame. What is larger than 32 MiB still comes from the system each
    time, and what lies below something that is in use is not given back, either way.
    Nothing is done with other C libraries, or where the environment says what is wanted
    (``MALLOC_TRIM_THRESHOLD_``, ``MALLOC_MMAP_THRESHOLD_``, ``GLIBC_TUNABLES``).

    Returns
    -------
    bool
        Whether it does. It holds for the whole process, from the first call on.
    """
    if platform.libc_ver()[0] != "glibc" or any(map(os.environ.get, _OWN_WISHES)):
        return False
    mallopt = ctypes.CDLL(None).mallopt
    is_kept = bool(
        mallopt(_MMAP_THRESHOLD, _LARGEST_FROM_HEAP)
        and mallopt(_TRIM_THRESHOLD, _MOST_KEPT)
    )
    _log.debug("Freed memory is kept at hand: %s", is_kept)
    return is_kept
