"""Folders of results: what a failure leaves."""

from __future__ import annotations

import threading

import pytest

from napari_sam2.core.errors import OutputError
from napari_sam2.io.files.folder_output import atomic_folder


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
