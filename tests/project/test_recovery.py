"""Unsaved work is found again, whole, unless it is somebody else's."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from napari_sam2.core.errors import ProjectError
from napari_sam2.project import recovery
from napari_sam2.project.recovery import find_recoverable
from tests.project.conftest import Desk


def test_a_damaged_recovery_is_offered_and_not_thrown_away(desk: Desk) -> None:
    desk.paint(3)
    desk.autosave.save()
    desk.crash()
    path = desk.autosave.path
    path.write_bytes(path.read_bytes()[:5000])
    (found,) = find_recoverable(desk.folder)
    with pytest.raises(ProjectError):
        found.read()
    found.discard()
    assert list(desk.folder.iterdir()) == []


def test_a_recovery_is_a_project(desk: Desk) -> None:
    desk.header = replace(desk.header, choices={"model": "large"})
    desk.paint(3)
    desk.autosave.save()
    desk.crash()
    (found,) = find_recoverable(desk.folder)
    assert found.image_name == "cells"
    assert found.project_path is None
    assert found.saved == desk.header.saved.saved
    assert found.read().choices == {"model": "large"}


@pytest.mark.parametrize("step", ["_is_abandoned", "read_about"])
def test_one_that_another_program_removes_meanwhile_is_passed_over(
    desk: Desk, step: str, monkeypatch
) -> None:
    desk.paint(1)
    desk.autosave.save()
    desk.crash()
    before = getattr(recovery, step)

    def late(path: Path, *rest):
        recovery._remove(path)
        return before(path, *rest)

    assert len(find_recoverable(desk.folder)) == 1
    monkeypatch.setattr(recovery, step, late)
    assert find_recoverable(desk.folder) == []


def test_files_that_were_only_begun_are_removed_later(tmp_path: Path) -> None:
    begun = tmp_path / "1-abc.sam2"
    begun.touch()
    assert find_recoverable(tmp_path) == []
    assert begun.exists()
    os.utime(begun, (1, 1))
    assert find_recoverable(tmp_path) == []
    assert not begun.exists()


def test_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    assert find_recoverable(tmp_path / "none") == []
