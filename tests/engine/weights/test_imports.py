"""Asking for weights must not wait for torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"torch", "scipy", "skimage", "napari", "qtpy"}


@pytest.mark.parametrize(
    "module",
    ["napari_sam2.engine.weights", "napari_sam2.cli.models", "napari_sam2.cli.doctor"],
)
def test_importing_is_light(module):
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert module in loaded
    assert not HEAVY & set(loaded)
