"""The bundled model in a window, driven by a real mouse and keyboard where possible."""

from __future__ import annotations

import shutil
import subprocess
import time

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QApplication

from napari_sam2.widgets.dock import Sam2Dock
from tests.widgets.screen import NO_SCREEN
from tests.widgets.user import User, lane_threads

FRAMES = 4


def overlap(found: np.ndarray, true: np.ndarray) -> float:
    return np.count_nonzero(found & true) / np.count_nonzero(found | true)


class Hands:
    """A mouse and a keyboard."""

    def __init__(self, user: User) -> None:
        self.user = user

    def point_at(self, frame: int, y: float, x: float) -> None:
        """Move to a data position, as the canvas shows it now."""
        layer, camera = self.user.session.image.layer, self.user.viewer.camera
        world = layer.data_to_world((frame, y, x))
        canvas = self.user.canvas
        half = canvas.width() / 2, canvas.height() / 2
        across = (world[2] - camera.center[2]) * camera.zoom + half[0]
        down = (world[1] - camera.center[1]) * camera.zoom + half[1]
        spot = canvas.mapToGlobal(QPoint(round(across), round(down)))
        self.do("mousemove", spot.x(), spot.y())

    def click(self, frame: int, y: float, x: float, button: int = 1) -> None:
        self.point_at(frame, y, x)
        self.do("click", button)

    def press(self, keys: str) -> None:
        self.do("key", keys)

    def do(self, *words: object) -> None:
        process = subprocess.Popen(["xdotool", *map(str, words)])
        while process.poll() is None:
            QApplication.processEvents()
            time.sleep(0.005)
        self.user.qtbot.wait(150)


@pytest.fixture
def real(request, qtbot, moving_discs, tmp_path):
    """Return somebody at a window with the bundled model and a stack of discs."""
    if NO_SCREEN:
        pytest.skip(NO_SCREEN)
    viewer = request.getfixturevalue("make_napari_viewer")(show=True)
    viewer.window.resize(1300, 900)
    viewer.add_image(moving_discs[0][:FRAMES], scale=(1, 0.5, 0.5), translate=(0, 7, 3))
    user = User(viewer, qtbot)
    user.dock = Sam2Dock(viewer)
    viewer.window.add_dock_widget(user.dock, name="SAM 2")
    user.canvas = viewer.window._qt_viewer.canvas.native
    yield user
    user.dock.shut_down()
    assert not lane_threads()


def wait(user: User, condition) -> None:
    user.qtbot.waitUntil(condition, timeout=60_000)


def test_a_click_is_carried_through_the_stack(real: User, moving_discs) -> None:
    _, labels = moving_discs
    real.click(0, 33, 32)
    wait(real, lambda: real.mask(1, 0) is not None)
    real.dock.workbench.track.run()
    wait(real, lambda: real.document.frames_covered(1) == FRAMES)
    real.wait_idle()
    for frame in range(FRAMES):
        assert overlap(real.shown(frame) == 1, labels[frame] == 1) > 0.8


@pytest.mark.skipif(shutil.which("xdotool") is None, reason="needs xdotool")
def test_mouse_and_keyboard_go_through_the_whole_workflow(
    real: User, moving_discs
) -> None:
    _, labels = moving_discs
    hands = Hands(real)
    wait(real, lambda: "ready" in real.dock.status_line.message)
    real.session.position.go_to(0)
    real.qtbot.wait(300)
    hands.click(0, 33, 32)
    wait(real, lambda: real.mask(1, 0) is not None)
    assert overlap(real.shown(0) == 1, labels[0] == 1) > 0.8
    hands.press("n")
    hands.click(0, 62, 96)
    wait(real, lambda: real.mask(2, 0) is not None)
    hands.click(0, 5, 64, button=3)
    wait(real, lambda: real.document.prompts[2, 0].positive == (True, False))
    hands.press("ctrl+z")
    wait(real, lambda: real.document.prompts[2, 0].positive == (True,))
    hands.press("ctrl+shift+z")
    wait(real, lambda: real.document.prompts[2, 0].positive == (True, False))
    hands.press("ctrl+z")
    hands.press("g")
    wait(real, lambda: real.document.frames_covered(2) == FRAMES)
    real.wait_idle()
    last = FRAMES - 1
    for value in (1, 2):
        assert overlap(real.shown(last) == value, labels[last] == value) > 0.7
    hands.press("ctrl+z")
    assert real.document.frames_covered(1) == 1
