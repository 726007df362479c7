"""Two hundred processes are killed while they write; nothing is ever broken or lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
def test_kills_while_saving_exporting_and_autosaving(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tests.project.killed", str(tmp_path), "0", "50"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=200,
    )
    assert said.stdout == "200 were killed\n", said.stderr[-2000:]
