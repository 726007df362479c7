"""Stamps tell files that were written again from those that were not."""

from __future__ import annotations

import os

from napari_sam2.io.files.stamp import stamp_of, stamps_of


def test_a_file_that_is_written_again_has_another_stamp(tmp_path) -> None:
    path = tmp_path / "image.tif"
    assert stamp_of(path) is None
    path.write_bytes(b"pixels")
    before = stamp_of(path)
    assert stamp_of(path) == before
    os.utime(path, ns=(1, 1))
    assert stamp_of(path) != before


def test_every_file_in_a_folder_counts(tmp_path) -> None:
    inside = tmp_path / "image.zarr" / "0" / "c"
    inside.mkdir(parents=True)
    (inside / "1").write_bytes(b"chunk")
    folder = tmp_path / "image.zarr"
    before = stamp_of(folder)
    assert stamp_of(folder) == before
    os.utime(inside / "1", ns=(1, 1))
    edited = stamp_of(folder)
    (inside / "1").rename(inside / "2")
    assert len({str(one) for one in (before, edited, stamp_of(folder))}) == 3


def test_a_folder_of_too_many_files_is_not_looked_at(tmp_path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(b"chunk")
    assert stamps_of([tmp_path], most_files=2) == {str(tmp_path): None}
    assert stamp_of(tmp_path, most_files=3) is not None
