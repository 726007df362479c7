"""napari finds the plugin, and what it names exists."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from npe2 import PluginManager, PluginManifest

ROOT = Path(__file__).parent.parent
PACKAGED = ROOT / "napari_sam2" / "napari.yaml"


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_file(PACKAGED)


def test_the_name_is_the_distributions(manifest: PluginManifest) -> None:
    assert manifest.name == "napari-sam2"


def test_the_top_level_manifest_is_the_packaged_one() -> None:
    assert (ROOT / "napari.yaml").read_bytes() == PACKAGED.read_bytes()


def named(manifest: PluginManifest) -> dict[str, str]:
    commands = manifest.contributions.commands
    return dict(str(command.python_name).split(":")[::-1] for command in commands)


def test_every_command_without_a_window_can_be_imported(manifest) -> None:
    functions = {f: m for f, m in named(manifest).items() if "widgets" not in m}
    assert functions
    for function, module in functions.items():
        assert callable(getattr(import_module(module), function))


def test_every_window_is_where_it_is_said_to_be(manifest) -> None:
    windows = {w: m for w, m in named(manifest).items() if "widgets" in m}
    assert windows
    for window, module in windows.items():  # read, for Qt may not be here
        source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text("utf-8")
        assert f"class {window}(" in source or f"\ndef {window}(" in source


def test_every_sample_is_offered(manifest: PluginManifest) -> None:
    from napari_sam2.io.samples import sample_names

    offered = {sample.key for sample in manifest.contributions.sample_data}
    assert offered == set(sample_names())


OURS = (
    "a.h5", "a.nii", "a.nii.gz", "sub-01.T1w.nii.gz", "a.dcm", "a.MP4", "a.mkv",
    "a.sam2",
)  # fmt: skip
NAPARIS = "a.tif", "a.png", "a.npy", "a.csv"


@pytest.mark.parametrize("name", [*OURS, *NAPARIS])
def test_files_that_napari_opens_well_are_left_to_it(manifest, tmp_path, name) -> None:
    plugins = PluginManager()
    plugins.register(manifest)
    (tmp_path / name).touch()
    found = list(plugins.iter_compatible_readers(str(tmp_path / name)))
    assert bool(found) == (name in OURS)
    assert not list(plugins.iter_compatible_readers(str(tmp_path)))  # a folder
