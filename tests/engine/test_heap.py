"""What was freed is not fetched from the system again."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

# Ten times 120 MB, which would come from the system each time, 29,296 pages of it.
_PAGES_ANEW = """
import resource
from napari_sam2.engine.heap import keep_freed_memory

def ask():
    for _ in range(10):
        [b"1" * 30_000_000 for _ in range(4)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

is_kept = keep_freed_memory()
print(is_kept, -ask() + ask())
"""


def _ask(**environment: str) -> tuple[bool, int]:
    own = {name: text for name, text in os.environ.items() if "MALLOC" not in name}
    run = subprocess.run(
        [sys.executable, "-c", _PAGES_ANEW],
        capture_output=True,
        text=True,
        check=True,
        env=own | environment,
    )
    is_kept, pages = run.stdout.split()
    return is_kept == "True", int(pages)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_large_arrays_take_the_memory_that_is_free() -> None:
    is_kept, pages = _ask()
    assert is_kept
    assert pages < 29_296


@pytest.mark.skipif(sys.platform != "linux", reason="pages are counted on Linux")
def test_what_the_environment_says_is_left_alone() -> None:
    is_kept, pages = _ask(MALLOC_TRIM_THRESHOLD_="131072")
    assert not is_kept
    assert pages > 9 * 29_296
