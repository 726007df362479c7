"""A project is dropped on napari's window, and is open in the dock."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import tifffile
from npe2 import PluginManifest
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QWidget

from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.project import (
    project_header,
    refer_to_image,
    stack_geometry,
    write_project,
)
from napari_sam2.state import Settings
from napari_sam2.widgets.dock import Sam2Dock
from napari_sam2.widgets.project_reader import read_project_into_dock
from napari_sam2.widgets.window import open_window
from tests.widgets.user import User

MANIFEST = Path(__file__).parents[2] / "napari_sam2" / "napari.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project of an image that nothing was said about yet."""
    image = tmp_path / "cells.tif"
    tifffile.imwrite(image, np.zeros((3, 20, 30), np.uint8), photometric="minisblack")
    frames = stack_frames(open_stack(image))
    header = project_header(
        Settings(),
        image=refer_to_image("cells", image, frames=frames),
        stack=stack_geometry(frames.stack.axes, frames.layout),
    )
    write_project(tmp_path / "work.sam2", header)
    return tmp_path / "work.sam2"


@pytest.fixture
def at_window(user: User, npe2pm) -> User:
    """Return somebody at a window of napari that knows no plugin but ours."""
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(MANIFEST)):
        yield user


def drop(user: User, *paths: Path) -> None:
    """Let files fall on the picture."""
    widgets = user.dock.window().findChildren(QWidget)
    (target,) = [one for one in widgets if type(one).__name__ == "QtViewer"]
    assert target.acceptDrops()
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    how = copy, files, left, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(target, QDragEnterEvent(QPoint(5, 5), *how))
    QApplication.sendEvent(target, QDropEvent(QPointF(5, 5), *how))


def test_it_is_open_in_the_dock_that_is_there(at_window: User, project: Path) -> None:
    user = at_window
    user.open_dock()
    drop(user, project)
    user.wait(lambda: user.session is not None)
    assert user.viewer.layers[0].name == "cells"
    assert Sam2Dock.all_in(user.viewer) == [user.dock]


def test_the_dock_is_opened_with_it(at_window: User, project: Path) -> None:
    user = at_window
    user.viewer.open(project, plugin=None)
    (user.dock,) = Sam2Dock.all_in(user.viewer)
    user.wait(lambda: user.session is not None)
    assert user.session.image.layer.name == "cells"
    assert user.dock.isVisibleTo(user.dock.window())


def test_a_file_that_is_none_is_refused_in_the_dock(
    at_window: User, tmp_path: Path
) -> None:
    user = at_window
    user.open_dock()
    (tmp_path / "odd.sam2").write_bytes(b"nothing")
    drop(user, tmp_path / "odd.sam2")
    user.wait(lambda: "no project" in user.dock.status_line.message)


def test_without_a_window_a_sentence_says_what_to_do(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    reader = "napari_sam2.widgets.project_reader"
    monkeypatch.setattr(f"{reader}.show_error", told.append)
    monkeypatch.setattr("napari.current_viewer", lambda: None)
    assert read_project_into_dock(str(project)) == [(None,)]
    assert "open napari" in told[0]


def test_the_command_opens_it_with_napari(
    at_window: User, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = at_window
    monkeypatch.setattr("napari.Viewer", lambda **_: user.viewer)
    monkeypatch.setattr("napari.run", lambda: None)
    open_window([str(project)])
    (user.dock,) = Sam2Dock.all_in(user.viewer)
    user.wait(lambda: user.session is not None)
    assert user.session.image.layer.name == "cells"


def test_napari_knows_the_dock_that_the_command_opens(
    at_window: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its menu shows and hides that one, as any of its plugins, and adds no other."""
    user = at_window
    monkeypatch.setattr("napari.Viewer", lambda **_: user.viewer)
    monkeypatch.setattr("napari.run", lambda: None)
    open_window([])
    (user.dock,) = Sam2Dock.all_in(user.viewer)
    _, found = user.viewer.window.add_plugin_dock_widget("napari-sam2", "SAM 2")
    assert found is user.dock
    assert user.dock.window().findChildren(Sam2Dock) == [user.dock]
