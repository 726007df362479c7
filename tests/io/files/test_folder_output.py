"""Folders of results: what a failure leaves."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.folder_output import atomic_folder, check_folder


def test_late_writes_of_a_library_leave_nothing(tmp_path) -> None:
    """Zarr's threads go on with other files when one of them has failed."""
    has_failed = threading.Event()

    def write_late(folder) -> None:
        has_failed.wait()
        for number in range(30):
            folder.mkdir(exist_ok=True)
            (folder / f"{number}").write_bytes(b"late")

    with (
        pytest.raises(OutputError, match="disk is full"),
        atomic_folder(tmp_path / "out", lambda _: True, overwrite=False) as folder,
    ):
        library = threading.Thread(target=write_late, args=(folder,))
        library.start()
        has_failed.set()
        raise OSError(28, "No space left on device")
    library.join()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_folder_that_was_there(tmp_path) -> None:
    there = tmp_path / "out"
    there.mkdir()
    (there / "before").write_bytes(b"before")
    with (
        pytest.raises(OutputError),
        atomic_folder(there, lambda _: True, overwrite=True) as folder,
    ):
        (folder / "new").write_bytes(b"new")
        raise OSError(28, "No space left on device")
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "before"]


@pytest.mark.skipif(os.name != "posix", reason="not all users of Windows may link")
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_leads_to_the_folder_that_is_written(tmp_path, is_there) -> None:
    link, target = tmp_path / "here/results", tmp_path / "data/blob"
    for one in (link, target):
        one.parent.mkdir()
    link.symlink_to("../data/blob")
    if is_there:
        target.mkdir()
        (target / "old").touch()
    with atomic_folder(link, lambda _: True, overwrite=is_there) as folder:
        (folder / "new").touch()
    assert link.is_symlink()
    assert [one.name for one in target.iterdir()] == ["new"]
    assert [one.name for one in target.parent.iterdir()] == ["blob"]


@pytest.mark.skipif(os.name != "posix", reason="not all users of Windows may link")
def test_a_link_to_a_missing_place_is_found_before_work(tmp_path) -> None:
    link = tmp_path / "results"
    link.symlink_to("gone/blob")
    with pytest.raises(OutputError, match="gone does not exist"):
        check_folder(link, lambda _: True, overwrite=False)


def test_a_share_that_keeps_its_permissions_takes_folders(
    tmp_path, monkeypatch
) -> None:
    def refuse(*_args, **_kwargs) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with atomic_folder(tmp_path / "a", lambda _: True, overwrite=False) as folder:
        (folder / "new").touch()
    assert (tmp_path / "a/new").exists()
