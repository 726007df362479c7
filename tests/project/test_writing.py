"""A project that cannot be saved leaves the one that was there as it was."""

from __future__ import annotations

import math
import os
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import pytest

from napari_sam2.core.errors import ProjectError
from napari_sam2.core.recipe import Made, Told
from napari_sam2.project import schema, writing
from napari_sam2.project.reading import read_project
from napari_sam2.project.values import ImageReference, ModelReference, Project
from napari_sam2.project.writing import write_project
from napari_sam2.state import MaskTable, TrackedObject
from tests.project.projects import PLACING, example
from tests.state.conftest import click

MASK = example().contents.masks[1, 0]


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


def with_(**contents: object) -> Project:
    """Return a project with other contents."""
    return replace(example(), contents=replace(example().contents, **contents))


def with_object(object_id: int) -> Project:
    """Return a project with one object more."""
    more = {object_id: TrackedObject(object_id, "neuron")}
    return with_(objects={**example().contents.objects, **more})


def at_scale(scale: float) -> Project:
    """Return a project whose image lies in the world at a scale."""
    stack = example().stack
    placing = replace(PLACING, scale=(scale, 1.0, 1.0, 1.0))
    return replace(example(), stack=replace(stack, placing=placing))


@pytest.mark.parametrize(
    ("project", "reason"),
    [
        (with_object(2**32), "number of an object"),
        (with_object(2**70), "number of an object"),
        (with_(prompts={(3, 0): click(1, 1)}), "object 3 is missing"),
        (with_(prompts={(1, 0): click(99, 1)}), "outside the image"),
        (with_(masks=MaskTable({(1, 5): MASK})), "there are 5 frames"),
        (with_(steps=(Told(2**70, 0, click(1, 1)),)), "number of an object is"),
        (with_(steps=(Made("nano\0"),)), "model of step 0 is .* no text"),
        (replace(example(), image=ImageReference("a\0b")), "name of the image is"),
        (replace(example(), model=ModelReference("\0")), "name of the model is"),
        (at_scale(math.inf), "not JSON compliant"),
        (at_scale(0.0), "as flat as a sheet"),
    ],
)
def test_what_could_not_be_opened_again_is_not_saved(path, project, reason) -> None:
    with pytest.raises(
        ProjectError, match=rf"work\.sam2 could not be saved: .*{reason}"
    ):
        write_project(path, project)
    assert_untouched(path)
