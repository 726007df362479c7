"""What was freed is not fetched from the system again."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from napari_sam2.engine.heap import keep_freed_memory

# Ten times 40 MB, which would come from the system each time, 9,765 pages of it.
_PAGES_ANEW = """
import resource
from napari_sam2.engine.heap import keep_freed_memory

def ask():
    for _ in range(10):
        b"1" * 40_000_000
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


@pytest.mark.skipif(not keep_freed_memory(), reason="not with this C library")
def test_large_arrays_take_the_memory_that_is_free() -> None:
    is_kept, pages = _ask()
    assert is_kept
    assert pages < 9_765


@pytest.mark.skipif(sys.platform != "linux", reason="pages are counted on Linux")
def test_what_the_environment_says_is_left_alone() -> None:
    is_kept, pages = _ask(MALLOC_TRIM_THRESHOLD_="131072")
    assert not is_kept
    assert pages > 9 * 9_765
