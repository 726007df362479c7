"""Masks are written in the format that the name ends like, or that is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.io.writing.result_formats import RESULT_FORMATS
from napari_sam2.project.writing import write_project
from tests.io.reading_back import LABEL_READERS
from tests.project.projects import example

POINT = ("--point", "1:0,32,33", "--frames", "0:3")


@pytest.mark.parametrize(
    ("name", "words", "kind"),
    [
        ("out.ome.zarr", (), "labels-zarr"),
        ("out.nii.gz", (), "labels-nifti"),
        ("out.json", (), "coco"),
        ("out.json", ("--format", "coco-video"), "coco-video"),
        ("out", ("--format", "ctc"), "ctc"),
        ("out", ("--format", "labels-png"), "labels-png"),
    ],
)
def test_a_run_is_written_in_any_format(cli, stack, tmp_path, name, words, kind):
    plain, out = tmp_path / "plain.tif", tmp_path / name
    assert cli("track", stack, "-o", plain, *POINT).code == 0
    said = cli("track", stack, "-o", out, *POINT, *words)
    assert (said.code, said.err) == (0, "")
    found, wanted = LABEL_READERS[kind](out), LABEL_READERS["labels-tiff"](plain)
    np.testing.assert_array_equal(found, wanted)
    assert wanted.any()


@pytest.mark.parametrize("one", RESULT_FORMATS, ids=lambda one: one.name)
def test_a_project_without_its_image_is_exported_or_says_why(cli, tmp_path, one):
    project = tmp_path / "work.sam2"
    write_project(project, example())
    out = tmp_path / f"out{one.suffixes[0] if one.suffixes else ''}"
    said = cli("export", project, "-o", out, "--format", one.name)
    if said.code:
        assert one.image.name == "NEEDED"
        assert "--image" in said.err
    else:
        assert out.exists()
        if one.name in LABEL_READERS:
            assert set(np.unique(LABEL_READERS[one.name](out))) == {0, 1, 7}
        assert one.image.name == "UNUSED" or "pixel sizes alone" in said.err
