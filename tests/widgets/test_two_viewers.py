"""Two viewers with a dock each, and a second dock in one viewer."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari.components import ViewerModel

from tests.widgets.user import SHAPE, User, lane_threads


@pytest.fixture
def one(user_without_window: User) -> User:
    user_without_window.open_image(name="cells")
    user_without_window.open_dock()
    return user_without_window


@pytest.fixture
def other(one: User, qtbot):
    """Return somebody at a second viewer of the same program."""
    other = User(ViewerModel(), qtbot)
    other.open_image(name="cells")
    other.open_dock()
    yield other
    other.dock.shut_down()


def test_work_in_one_viewer_does_not_touch_the_other(one: User, other: User) -> None:
    one.click(3, 20, 30)
    one.wait_mask(1, 3)
    assert other.session.is_empty
    other.click(1, 10, 10)
    other.wait_mask(1, 1)
    one.dock.workbench.track.run()
    other.dock.workbench.track.run()
    one.wait(lambda: one.document.frames_covered(1) == SHAPE[0])
    other.wait(lambda: other.document.frames_covered(1) == SHAPE[0])
    assert set(one.document.prompts) == {(1, 3)}
    assert set(other.document.prompts) == {(1, 1)}
    assert one.viewer.dims.current_step[0] == 3
    assert other.viewer.dims.current_step[0] == 1
    assert not np.array_equal(one.shown(5), other.shown(5))
    one.session.history.undo()
    assert one.document.frames_covered(1) == 1
    assert other.document.frames_covered(1) == SHAPE[0]


def test_closing_one_viewer_leaves_the_other_working(one: User, other: User) -> None:
    one.click(3, 20, 30)
    one.wait_mask(1, 3)
    one.dock.workbench.track.run()
    one.viewer.layers.clear()
    one.dock.shut_down()
    assert lane_threads()
    other.click(1, 10, 10)
    other.wait_mask(1, 1)
    other.dock.workbench.track.run()
    other.wait(lambda: other.document.frames_covered(1) == SHAPE[0])
    other.dock.shut_down()
    assert not lane_threads()


def test_a_second_dock_in_a_viewer_says_that_one_is_open(one: User) -> None:
    layers, threads = len(one.viewer.layers), len(lane_threads())
    second = User(one.viewer, one.qtbot)
    second.open_dock()
    assert second.session is None
    assert "open in this viewer already" in second.dock.status_line.message
    assert len(lane_threads()) == threads
    assert len(one.viewer.layers) == layers
    second.open_image(name="others")  # and it does not follow
    assert second.session is None
    one.dock.image_panel.images.setCurrentIndex(0)
    one.click(2, 20, 30)
    one.wait_mask(1, 2)


def test_a_dock_that_was_closed_is_followed_by_another(one: User) -> None:
    one.click(2, 20, 30)
    one.wait_mask(1, 2)
    one.dock.shut_down()
    one.qtbot.wait(20)
    one.open_dock()
    assert one.session is not None
    one.click(2, 20, 30)
    one.wait_mask(1, 2)
