"""Projects without a window: what was seen is written in other formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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
    said = cli("export", project, "-o", project, "--format", "labels-tiff")
    assert "never replaced" in said.err
