"""napari finds the plugin, and what it names exists."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from npe2 import PluginManifest

ROOT = Path(__file__).parent.parent
PACKAGED = ROOT / "napari_sam2" / "napari.yaml"


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_file(PACKAGED)


def test_the_name_is_the_distributions(manifest: PluginManifest) -> None:
    assert manifest.name == "napari-sam2"


def test_the_top_level_manifest_is_the_packaged_one() -> None:
    assert (ROOT / "napari.yaml").read_bytes() == PACKAGED.read_bytes()


def test_every_command_can_be_imported(manifest: PluginManifest) -> None:
    assert manifest.contributions.commands
    for command in manifest.contributions.commands:
        module, function = str(command.python_name).split(":")
        assert callable(getattr(import_module(module), function))


def test_every_sample_is_offered(manifest: PluginManifest) -> None:
    from napari_sam2.io.samples import sample_names

    offered = {sample.key for sample in manifest.contributions.sample_data}
    assert offered == set(sample_names())
