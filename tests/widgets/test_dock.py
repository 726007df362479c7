"""The whole workflow in a window, with a tracker that draws discs."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.control import Activity
from napari_sam2.core.errors import FrameError
from napari_sam2.state import Origin
from tests.control.fake_tracker import disc
from tests.widgets.user import SHAPE, User, lane_threads


def test_a_click_gives_a_mask_where_it_was(working: User) -> None:
    working.click(3, 20, 30)
    working.wait_mask(1, 3)
    np.testing.assert_array_equal(working.shown(3) == 1, disc(SHAPE[1:], (20, 30)))


def test_propagate_fills_all_frames_and_the_layer(working: User) -> None:
    working.follow()
    for frame in range(SHAPE[0]):
        assert working.shown(frame).any()
    assert "10 frames are done" in working.dock.status_line.message


def test_stop_keeps_what_is_done(working: User) -> None:
    working.factory.gate = threading.Semaphore(3)
    working.dock.settings.device = "cpu"  # a new tracker, which waits
    working.click(0, 20, 30)
    working.wait_mask(1, 0)
    track = working.dock.workbench.track
    track.run()
    working.wait(lambda: working.document.frames_covered(1) == 3)
    assert track.stop_button.isEnabled()
    track.stop_button.click()
    assert working.status.activity is Activity.STOPPING
    working.factory.gate.release(2)
    working.wait_idle()
    assert 3 <= working.document.frames_covered(1) < SHAPE[0]
    assert track.run_button.isEnabled()


@pytest.mark.parametrize(
    "error",
    [RuntimeError("CUDA out of memory"), FrameError("Frame 4 could not be read.")],
)
def test_an_error_in_a_run_leaves_an_idle_dock_that_says_why(
    working: User, error: Exception, told: list[Exception]
) -> None:
    working.factory.fail_at = {4: error}
    working.dock.settings.device = "cpu"
    working.click(0, 20, 30)
    working.wait_mask(1, 0)
    working.dock.workbench.track.run()
    working.wait(lambda: working.status.problem is not None)
    working.wait_idle()
    assert working.document.frames_covered(1) == 4
    assert str(error) in working.dock.status_line.message
    assert told == [error]
    assert working.dock.workbench.track.run_button.isEnabled()


def test_a_model_that_cannot_load_is_explained_and_can_be_tried_again(
    working: User, told: list[Exception]
) -> None:
    working.factory.error = FrameError("The file is gone.")
    working.dock.settings.device = "cpu"  # is loaded at once
    working.wait(lambda: working.status.problem is not None)
    assert "The file is gone." in working.dock.status_line.message
    working.click(0, 10, 10)
    working.wait_mask(1, 0)


def test_closing_the_dock_in_a_run_leaves_no_thread(working_in_window: User) -> None:
    working = working_in_window
    working.factory.gate = threading.Semaphore(2)
    working.dock.settings.device = "cpu"
    working.click(0, 20, 30)
    working.wait_mask(1, 0)
    working.dock.workbench.track.run()
    working.wait(lambda: working.document.frames_covered(1) == 2)
    working.factory.gate.release(1)
    working.viewer.window.remove_dock_widget(working.frame)
    working.qtbot.wait(50)
    working.dock.shut_down()
    assert not lane_threads()
    kept = ["cells", "cells objects"]  # the masks stay
    working.wait(lambda: [layer.name for layer in working.viewer.layers] == kept)


def test_deleting_the_image_in_a_run_is_survived(working: User) -> None:
    working.factory.gate = threading.Semaphore(2)
    working.dock.settings.device = "cpu"
    working.click(0, 20, 30)
    working.wait_mask(1, 0)
    working.dock.workbench.track.run()
    working.wait(lambda: working.document.frames_covered(1) == 2)
    working.factory.gate.release(1)
    working.viewer.layers.remove("cells")
    working.qtbot.wait(50)
    assert working.session is None
    working.factory.gate.release(20)
    working.open_image(name="others")
    working.factory.gate = None
    working.click(1, 5, 5)
    working.wait_mask(1, 1)


def test_deleting_our_layers_in_a_run_is_survived(working: User) -> None:
    working.click(0, 20, 30)
    working.wait_mask(1, 0)
    working.dock.workbench.track.run()
    for layer in working.session.layers:
        working.viewer.layers.remove(layer.name)
    working.wait_idle()
    working.session.history.undo()
    working.qtbot.wait(50)


def test_undo_and_redo_go_through_clicks_and_runs(working: User) -> None:
    working.click(0, 20, 30)
    working.wait_mask(1, 0)
    working.dock.workbench.track.run()
    working.wait(lambda: working.document.frames_covered(1) == SHAPE[0])
    working.wait_idle()
    history = working.session.history
    history.undo()
    assert working.document.frames_covered(1) == 1
    history.undo()
    assert not working.document.prompts
    assert len(working.session.prompts.points.data) == 0
    history.redo()
    history.redo()
    assert working.document.frames_covered(1) == SHAPE[0]
    assert working.shown(5).any()
    assert working.mask(1, 5).origin is Origin.TRACKED


def test_the_dock_opens_before_any_image(user: User) -> None:
    user.open_dock()
    assert user.session is None
    assert "Open an image" in user.dock.image_panel._note.text()
    user.open_image()
    assert user.session is not None
    user.click(1, 20, 30)
    user.wait_mask(1, 1)


def test_switching_images_keeps_both(working: User) -> None:
    working.click(1, 20, 30)
    working.wait_mask(1, 1)
    first = working.session
    second = working.open_image((5, 30, 30), name="second")
    assert working.session is first  # it does not run away from prompts
    panel = working.dock.image_panel
    panel.images.setCurrentIndex(panel.images.findText("second"))
    assert working.session is not first
    assert working.session.image.layer == second
    assert not first.prompts.points.visible
    working.click(2, 10, 10)
    working.wait_mask(1, 2)
    working.viewer.layers.selection.active = first.prompts.points
    assert working.session is first
    assert first.prompts.points.visible
    assert working.mask(1, 1) is not None
