"""A program that is killed while the dock follows an object."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def kill_in_a_run(image: Path, *words: str, masks: int) -> int:
    """Kill a run once so many masks are kept; return how many there were by then.

    Parameters
    ----------
    image : Path
    *words : str
        For the program; see :mod:`tests.widgets.run_until_killed`.
    masks : int
    """
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.widgets.run_until_killed", str(image), *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )
    assert program.stdout is not None
    with program.stdout:
        written = 0
        while written < masks:
            written = int(program.stdout.readline())
        program.kill()
        program.wait()
        return max([written, *map(int, program.stdout.readlines())])
