"""A viewer with the dock open, where there are napari, Qt and a screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.widgets.screen import NO_SCREEN

_STATUS_LINE = "napari_sam2.widgets.controls.status_line"


@pytest.fixture(autouse=True)
def _config_folder(tmp_path_factory, monkeypatch) -> None:
    """Keep settings and unsaved work where no other test, and no user, has theirs."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("NAPARI_SAM2_CONFIG", str(folder))
    monkeypatch.setenv("NAPARI_SAM2_STATE", str(folder))


@pytest.fixture
def user(request):
    """Return somebody with an empty viewer; no thread may be left behind."""
    pytest.importorskip("napari", reason="the window needs napari")
    if NO_SCREEN:
        pytest.skip(NO_SCREEN)
    qtbot = request.getfixturevalue("qtbot")
    make_viewer = request.getfixturevalue("make_napari_viewer_proxy")
    yield from _at_work(make_viewer(), qtbot)


@pytest.fixture
def user_without_window(request):
    """Return somebody whose viewer has no window: twenty times as quick to make."""
    pytest.importorskip("napari", reason="the dock needs napari")
    if NO_SCREEN:
        pytest.skip(NO_SCREEN)
    from napari.components import ViewerModel

    yield from _at_work(ViewerModel(), request.getfixturevalue("qtbot"))


def _at_work(viewer, qtbot):
    """Yield somebody at a viewer; close the dock, and see all threads end, then."""
    from tests.widgets.user import User, lane_threads

    user = User(viewer, qtbot)
    yield user
    if user.dock is not None:
        user.dock.shut_down()
    user.qtbot.waitUntil(lambda: not lane_threads(), timeout=30_000)


@pytest.fixture
def working(user_without_window):
    """Return somebody with an image and the dock open, in no window of napari's."""
    return _begin(user_without_window)


@pytest.fixture
def working_in_window(user):
    """Return somebody with an image and the dock open, in a window of napari's."""
    return _begin(user)


def _begin(user):
    user.open_image(name="cells")
    user.open_dock()
    return user


@pytest.fixture
def tracked(working):
    """Return somebody who followed an object through the stack."""
    working.follow()
    return working


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Return what napari is told of, which it is not."""
    told: list[Exception] = []
    monkeypatch.setattr(f"{_STATUS_LINE}.announce", told.append)
    return told


@pytest.fixture
def along_z(user_without_window):
    """Return somebody who follows objects along z, at many times."""
    from tests.widgets.volumes import SHAPE, SLICES, choose_axis

    user = user_without_window
    user.open_image(SHAPE, axis_labels="tzyx", name="embryo")
    user.open_dock()
    choose_axis(user, f"z ({SLICES})")
    return user


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """Write a time-lapse of small volumes with a bright ball that moves."""
    t, z, y, x = np.mgrid[:3, :4, :40, :48]
    ball = (y - 18) ** 2 + (x - 16 - 4 * t) ** 2 + 9 * (z - 2) ** 2 < 100
    pixels = np.where(ball, 200, 40).astype(np.uint8)
    path = tmp_path / "embryo.tif"
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "TZYX"})
    return path
