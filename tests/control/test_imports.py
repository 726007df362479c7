"""The headless half of the plugin stays headless."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"torch", "qtpy", "napari", "scipy", "skimage", "av", "zarr", "PIL"}


def test_state_and_control_load_nothing_heavy() -> None:
    modules = "napari_sam2.state, napari_sam2.state.review, napari_sam2.control"
    code = f"import sys, {modules}; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert HEAVY.isdisjoint(loaded)
