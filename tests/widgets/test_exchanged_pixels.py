"""Pixels that a layer is given in place of others are what the model sees."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from tests.widgets.user import SHAPE, User


@pytest.fixture
def prompted(working: User) -> User:
    """Return somebody who clicked an object and followed it."""
    working.click(3, 20, 30)
    working.wait_mask(1, 3)
    working.dock.workbench.track.run()
    working.wait(lambda: working.document.frames_covered(1) == SHAPE[0])
    working.wait_idle()
    return working


def problems(user: User) -> str:
    return user.dock.status_line.problems.sentences


def seen(user: User) -> int:
    """Return the first pixel of what the model is shown."""
    return int(user.factory.tracker.request.frames[3][0, 0])


@pytest.mark.parametrize("is_same_array", [False, True])
def test_other_pixels_of_the_same_size_are_seen_and_told_of(
    prompted: User, is_same_array: bool
) -> None:
    layer, session = prompted.viewer.layers["cells"], prompted.session
    pixels = layer.data if is_same_array else layer.data.copy()
    made = len(prompted.factory.made)
    pixels[:] = 7
    layer.data = pixels
    prompted.wait(lambda: len(prompted.factory.made) > made)
    prompted.wait_idle()
    assert seen(prompted) == 7
    assert "The pixels of cells were exchanged" in problems(prompted)
    assert prompted.session is session
    assert prompted.document.frames_covered(1) == SHAPE[0]
    np.testing.assert_array_equal(session.controller.frames[0], layer.data[0])


def test_nothing_is_said_where_nothing_was_done_yet(working: User) -> None:
    working.viewer.layers["cells"].data = np.full(SHAPE, 7, np.uint8)
    working.wait(lambda: working.session.controller.frames[0][0, 0] == 7)
    assert not problems(working)


def test_pixels_of_another_size_are_another_image(prompted: User) -> None:
    layer, before = prompted.viewer.layers["cells"], prompted.session
    layer.data = np.full((3, 24, 24), 7, np.uint8)
    prompted.wait(lambda: prompted.session not in (None, before))
    prompted.wait_idle()
    assert prompted.session.is_empty
    assert prompted.document.frame_count == 3
    assert "The pixels of cells were exchanged" in problems(prompted)
    assert "stays as the layer cells objects" in problems(prompted)
    assert before.masks.layer in prompted.viewer.layers
    assert "axis 0 (3)" in prompted.dock.image_panel.axes.currentText()
    prompted.click(1, 12, 12)
    prompted.wait_mask(1, 1)
    assert prompted.factory.tracker.request.frames[1].shape == (24, 24)


def test_pixels_that_cannot_be_used_are_told_of_until_others_come(
    prompted: User,
) -> None:
    layer = prompted.viewer.layers["cells"]
    layer.data = np.zeros((0, 40, 60), np.uint8)
    prompted.wait(lambda: prompted.session is None)
    assert "The image is empty" in problems(prompted)
    layer.data = np.full(SHAPE, 7, np.uint8)
    prompted.wait(lambda: prompted.session is not None)
    assert prompted.session.controller.frames[0][0, 0] == 7


def test_pixels_of_an_image_beside_are_seen_anew(user_without_window: User) -> None:
    user = user_without_window
    green = user.open_image(name="green")
    user.open_image(name="cells")
    user.open_dock()
    (tick,) = [t for t in user.dock.image_panel.channels.ticks if t.text() == "green"]
    tick.click()
    user.click(3, 20, 30)
    user.wait_mask(1, 3)
    green.data = np.full(SHAPE, 9, np.uint8)
    user.wait(lambda: user.session.controller.frames[0][0, 0].tolist() == [0, 9, 0])
    assert "The pixels of green were exchanged" in problems(user)
    green.data = np.zeros((3, 24, 24), np.uint8)
    user.wait(lambda: user.session.image.beside == ())
    assert "not shown to the model any more" in problems(user)
    assert user.mask(1, 3) is not None


def test_an_image_that_is_not_worked_on_is_seen_anew_when_one_comes_back(
    prompted: User,
) -> None:
    first = prompted.session
    prompted.open_image(name="others")
    images = prompted.dock.image_panel.images
    images.setCurrentIndex(images.findText("others"))
    images.activated.emit(images.currentIndex())
    prompted.wait(lambda: prompted.session is not first)
    prompted.viewer.layers["cells"].data = np.full(SHAPE, 7, np.uint8)
    prompted.wait(lambda: first.controller.frames[0][0, 0] == 7)
    assert prompted.session is not first
