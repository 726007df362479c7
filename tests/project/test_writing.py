"""A project that cannot be saved leaves the one that was there as it was."""

from __future__ import annotations

import os
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import pytest

from napari_sam2.core.errors import ProjectError
from napari_sam2.project import schema, writing
from napari_sam2.project.reading import read_project
from napari_sam2.project.writing import write_project
from tests.project.projects import example


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a project that is there already."""
    path = tmp_path / "work.sam2"
    write_project(path, example())
    return path


def assert_untouched(path: Path) -> None:
    assert read_project(path) == example()
    assert list(path.parent.iterdir()) == [path]


def test_a_project_takes_the_place_of_the_old_one(path: Path) -> None:
    later = replace(example(), choices={"model": "large"})
    write_project(path, later)
    assert read_project(path) == later
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_is_a_sentence(path: Path, full_disk) -> None:
    size = path.stat().st_size
    full_disk(size // 2)
    with pytest.raises(ProjectError, match="the disk is full"):
        write_project(path, example(0.1))
    full_disk(1 << 30)
    assert_untouched(path)


def test_a_lost_drive_is_a_sentence(path: Path, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(writing, "fill_store", fail)
    with pytest.raises(ProjectError, match=r"could not be saved: disk I/O error"):
        write_project(path, example(0.1))
    assert_untouched(path)


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="everything may be written"
)
def test_a_folder_without_permission_is_a_sentence(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        with pytest.raises(ProjectError, match="Nothing can be written"):
            write_project(path, example(0.1))
    finally:
        path.parent.chmod(0o700)
    assert_untouched(path)


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="does not exist: create it first"):
        write_project(tmp_path / "none" / "work.sam2", example())


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"end in \.sam2"):
        write_project(tmp_path / "work.tif", example())


def test_a_project_that_may_only_be_read_opens(path: Path) -> None:
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        assert read_project(path) == example()
    finally:
        path.parent.chmod(0o700)
    assert_untouched(path)


def test_what_a_crash_left_beside_a_project_is_not_believed(path: Path) -> None:
    journal = path.with_name(path.name + "-journal")
    journal.write_bytes(os.urandom(5000))
    assert read_project(path) == example()
    journal.unlink()


def test_shared_folders_have_an_address() -> None:
    class Shared(PureWindowsPath):
        def absolute(self) -> PureWindowsPath:
            return self

    path = Shared("//server/study/my work.sam2")
    address = schema.database_uri(path, "mode=ro")
    assert address == "file:////server/study/my%20work.sam2?mode=ro"


def test_names_with_odd_characters_work(tmp_path: Path) -> None:
    path = tmp_path / "50 % of #3? ü.sam2"
    write_project(path, example())
    assert read_project(path) == example()
    assert list(tmp_path.iterdir()) == [path]
