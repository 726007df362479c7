"""What tests of commands share: running them, and a small stack to run them on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_sam2.cli.main import main
from napari_sam2.io.samples import load_sample
from napari_sam2.state import Settings
from tests.cli.study import work, write_study
from tests.cli.volumes import drifting
from tests.conftest import discs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


POINT = ("--point", "1:0,22,20")  # in the first disc of ``stack``


@dataclass(frozen=True)
class Said:
    """Exit code of a command, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys) -> Callable[..., Said]:
    """Run ``napari-sam2 …`` in this process."""

    def call(*words: object) -> Said:
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return call


@pytest.fixture
def true_labels() -> np.ndarray:
    """Return the labels of the two discs in ``stack``, (6, 64, 80)."""
    return discs(6, (64, 80))[1]


@pytest.fixture
def stack(tmp_path) -> Path:
    """Write six frames with two discs, half a micrometer per pixel, 3 s per frame."""
    path = tmp_path / "discs.tif"
    tifffile.imwrite(
        path,
        discs(6, (64, 80))[0],
        imagej=True,
        resolution=(2.0, 2.0),
        metadata={"axes": "TYX", "unit": "um", "finterval": 3.0, "tunit": "s"},
    )
    return path


@pytest.fixture(scope="session")
def study(tmp_path_factory, nano) -> Path:
    """Return a folder with nuclei, and a project of an afternoon's work on them."""
    folder = tmp_path_factory.mktemp("study")
    with tifffile.TiffFile(load_sample("cells3d_nuclei").stack) as file:
        pixels = file.asarray()[10:20]
    write_study(folder, pixels, nano, Settings(), work)
    return folder


@pytest.fixture
def tzyx(tmp_path):
    """Write three time points of three slices, half a micrometer per pixel."""
    path = tmp_path / "cells.tif"
    about = {
        "axes": "TZYX", "unit": "um", "spacing": 2.0, "finterval": 3.0, "tunit": "s",
    }  # fmt: skip
    pixels = drifting()[0]
    tifffile.imwrite(path, pixels, imagej=True, resolution=(2.0, 2.0), metadata=about)
    return path


@pytest.fixture
def refuse(cli, tmp_path, monkeypatch):
    """Run ``track`` and check that it is refused in one sentence, writing nothing."""
    monkeypatch.chdir(tmp_path)

    def call(stack, *words: object, saying: str) -> None:
        before = snapshot(tmp_path)
        said = cli("track", stack, "-o", tmp_path / "labels.tif", *words)
        assert said.code == 2
        assert saying in said.err
        assert said.err.startswith("napari-sam2: ")
        assert len(said.err.splitlines()) == 1
        assert "Traceback" not in said.err
        assert said.out == ""
        assert snapshot(tmp_path) == before

    return call


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
