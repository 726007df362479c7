"""Projects without a window: what was seen is written in other formats."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.cli.study import expected


def test_exported_labels_are_what_was_seen(cli, study: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.tif"
    said = cli("export", study / "work.sam2", "-o", path, "--format", "labels-tiff")
    assert "20 masks of 2 objects" in said.out
    np.testing.assert_array_equal(tifffile.imread(path), expected(study))
    with tifffile.TiffFile(path) as file:
        ome = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert (ome["PhysicalSizeX"], ome["PhysicalSizeZ"], ome["SizeZ"]) == (0.5, 0.3, 10)


def test_what_cannot_be_exported_is_said(cli, study: Path, tmp_path: Path) -> None:
    project = study / "work.sam2"
    out = tmp_path / "labels.tif"
    out.write_text("mine")
    assert "add --overwrite" in cli("export", project, "-o", out).err
    assert out.read_text() == "mine"
    said = cli("export", project, "-o", tmp_path / "a.xyz")
    assert "labels-tiff, labels-zarr" in said.err
    said = cli("export", project, "-o", out, "--format", "gif")
    assert "There is no format gif" in said.err
    for words in (("--image", tmp_path / "nix.tif"), ("--changed-image",)):
        said = cli("export", project, "-o", tmp_path / "new.tif", *words)
        assert said.code == 2
        assert "--image and --changed-image are not needed" in said.err
    said = cli("export", project, "-o", project, "--format", "labels-tiff")
    assert "never replaced" in said.err


@pytest.mark.parametrize("is_moved", [False, True])
def test_the_image_of_a_project_is_never_replaced(
    cli, study: Path, tmp_path: Path, is_moved: bool
) -> None:
    folder = tmp_path / "moved" if is_moved else study
    if is_moved:
        shutil.copytree(study, folder)
    image = folder / "nuclei.tif"
    before = image.read_bytes()
    said = cli("export", folder / "work.sam2", "-o", image, "--overwrite")
    assert (said.code, "never replaced" in said.err) == (2, True)
    assert image.read_bytes() == before


def test_a_project_saved_as_json_is_not_replaced_by_what_lies_beside(
    cli, study: Path, tmp_path: Path
) -> None:
    project = tmp_path / "cells.json"
    shutil.copy(study / "work.sam2", project)
    out = tmp_path / "cells"
    said = cli("export", project, "-o", out, "--format", "ctc", "--overwrite")
    assert "cells.json is an input and is never replaced" in said.err
    assert project.read_bytes() == (study / "work.sam2").read_bytes()
    assert not out.exists()
