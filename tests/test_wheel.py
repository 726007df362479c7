"""The wheel carries all that a new user needs offline."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(
        [*command, "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_bundled_model_is_inside(names: set[str]) -> None:
    assert "napari_sam2/bundled/nano.safetensors" in names
    assert "napari_sam2/bundled/nano.json" in names


def test_the_manifest_and_the_type_marker_are_inside(names: set[str]) -> None:
    assert "napari_sam2/napari.yaml" in names
    assert "napari_sam2/py.typed" in names


def test_every_sample_is_inside(names: set[str]) -> None:
    samples = {path.name for path in (ROOT / "sample_data").iterdir()}
    assert samples
    assert {f"napari_sam2/sample_data/{sample}" for sample in samples} <= names


def test_tests_are_not(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"napari_sam2"}
