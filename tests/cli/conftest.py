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
from tests.conftest import discs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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
