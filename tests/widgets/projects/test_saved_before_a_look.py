"""A project that is saved before its image was looked at comes to know its pixels."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from napari_sam2.layers.project_image import refer_to_layer
from napari_sam2.project import Project, find_recoverable, read_project
from napari_sam2.widgets.projects import image_look
from tests.widgets.projects.desk import save
from tests.widgets.user import User


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Hold every look at an image back until this is set."""
    allowed = threading.Event()

    def look(source, *, is_read: bool = False):
        if is_read:
            allowed.wait(20)
        return refer_to_layer(source, is_read=is_read)

    monkeypatch.setattr(image_look, "refer_to_layer", look)
    yield allowed
    allowed.set()


@pytest.fixture
def hasty(user_without_window: User, image: Path, look: threading.Event) -> User:
    """Return somebody with a mask on an image that was not looked at yet."""
    user = user_without_window
    array, described, _ = image_layer(open_stack(image))
    user.viewer.add_image(array, **described)
    user.open_dock()
    user.click(4, 20, 30)
    user.wait_mask(1, 4)
    return user


def pixels(project: Project) -> str:
    return project.image.fingerprint.pixels


def test_it_is_written_again_with_them_and_nothing_is_told(
    hasty: User, tmp_path: Path, look: threading.Event
) -> None:
    path = save(hasty, tmp_path / "cells.sam2")
    blind = read_project(path)
    assert not pixels(blind)
    projects, told = hasty.dock.projects, []
    for signal in (projects.said, projects.title_changed, projects.refused):
        signal.connect(lambda *what: told.append(what))
    look.set()
    hasty.wait(lambda: bool(pixels(read_project(path))))
    hasty.wait_idle()
    assert told == []
    now = read_project(path)
    seen = replace(blind.image.fingerprint, pixels=pixels(now))
    assert now.image == replace(blind.image, fingerprint=seen)
    assert now.saved == blind.saved
    assert now.contents.prompts == blind.contents.prompts
    assert not find_recoverable()


def test_what_was_not_saved_stays_unsaved(
    hasty: User, tmp_path: Path, look: threading.Event
) -> None:
    path = save(hasty, tmp_path / "cells.sam2")
    hasty.click(7, 5, 5)
    look.set()
    hasty.wait(lambda: bool(pixels(read_project(path))))
    assert hasty.dock.projects.keeper.is_unsaved
    assert (1, 7) not in read_project(path).contents.prompts


def test_a_file_that_was_put_in_its_place_stays(
    hasty: User, tmp_path: Path, look: threading.Event
) -> None:
    path = save(hasty, tmp_path / "cells.sam2")
    (tmp_path / "another").write_bytes(b"another")
    (tmp_path / "another").replace(path)
    look.set()
    hasty.wait(
        lambda: bool(hasty.dock.projects.keeper.look.reference.fingerprint.pixels)
    )
    hasty.dock.shut_down()  # all is written then
    assert path.read_bytes() == b"another"


def test_what_was_saved_by_another_name_first_is_not_brought_back(
    hasty: User, tmp_path: Path, look: threading.Event
) -> None:
    save(hasty, tmp_path / "first.sam2")
    path = save(hasty, tmp_path / "second.sam2")
    (tmp_path / "first.sam2").unlink()
    look.set()
    hasty.wait(lambda: bool(pixels(read_project(path))))
    assert not (tmp_path / "first.sam2").exists()
