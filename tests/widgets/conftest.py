"""A viewer with the dock open, where there are napari, Qt and a screen."""

from __future__ import annotations

import pytest

from tests.widgets.screen import NO_SCREEN


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
    from tests.widgets.user import User, lane_threads

    qtbot = request.getfixturevalue("qtbot")
    make_viewer = request.getfixturevalue("make_napari_viewer_proxy")
    user = User(make_viewer(), qtbot)
    yield user
    if user.dock is not None:
        user.dock.shut_down()
    user.qtbot.waitUntil(lambda: not lane_threads(), timeout=30_000)


@pytest.fixture
def user_without_window(request):
    """Return somebody whose viewer has no window: twenty times as quick to make."""
    pytest.importorskip("napari", reason="the dock needs napari")
    if NO_SCREEN:
        pytest.skip(NO_SCREEN)
    from napari.components import ViewerModel

    from tests.widgets.user import User, lane_threads

    user = User(ViewerModel(), request.getfixturevalue("qtbot"))
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
