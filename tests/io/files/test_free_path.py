"""What cannot take its place lies beside it, and is read as what it is."""

from __future__ import annotations

import pytest

from napari_sam2.io.files.free_path import free_path


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("a.tif", "a 2.tif"),
        ("a.ome.tif", "a 2.ome.tif"),
        ("a.v1.adapter.safetensors", "a.v1 2.adapter.safetensors"),
        ("folder", "folder 2"),
        ("run at 1.5 um.csv", "run at 1.5 um 2.csv"),
    ],
)
def test_a_number_keeps_the_ending(tmp_path, name, second) -> None:
    path = tmp_path / name
    assert free_path(path) == path
    path.touch()
    assert free_path(path).name == second
    free_path(path).touch()
    assert free_path(path).name == second.replace("2", "3")
