"""Importing stays light: heavy libraries load when they are first needed."""

from __future__ import annotations

import os
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


_LIBRARY_SAYS = "import napari_sam2, torch; torch.ones(9) + 1"


@pytest.mark.parametrize(
    ("own", "turns"),
    [
        ({}, "10000"),
        ({"GOMP_SPINCOUNT": "77"}, "77"),
        ({"OMP_WAIT_POLICY": "passive"}, "0"),
    ],
)
def test_threads_do_not_wait_long_awake_unless_told_to(
    own: dict[str, str], turns: str
) -> None:
    environment = {
        name: text
        for name, text in os.environ.items()
        if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    }
    told = subprocess.run(
        [sys.executable, "-c", _LIBRARY_SAYS],
        capture_output=True,
        text=True,
        check=True,
        env=environment | {"OMP_DISPLAY_ENV": "verbose"} | own,
    ).stderr
    if "GOMP_SPINCOUNT" not in told:
        pytest.skip("this PyTorch has another OpenMP")
    assert f"GOMP_SPINCOUNT = '{turns}'" in told
