"""Importing stays light: heavy libraries load when they are first needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"torch", "qtpy", "napari", "scipy", "skimage", "av", "zarr", "PIL"}


@pytest.mark.parametrize(
    "module",
    [
        "napari_sam2",
        "napari_sam2.cli.main",
        "napari_sam2.core.prompts",
        "napari_sam2.io.reading.stack",
        "napari_sam2.engine.weights",
        "napari_sam2.project",
        "napari_sam2.layers.hooks",
    ],
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert HEAVY.isdisjoint(loaded)


def test_public_names_are_there() -> None:
    import napari_sam2

    for name in napari_sam2.__all__:
        assert getattr(napari_sam2, name) is not None
    with pytest.raises(AttributeError):
        _ = napari_sam2.no_such_name


def test_fine_tuning_is_loaded_only_when_it_is_used() -> None:
    code = "import sys, napari_sam2.cli.main; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not [one for one in loaded if one.startswith("napari_sam2.finetuning")]
