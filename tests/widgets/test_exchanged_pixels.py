"""Pixels that a layer is given in place of others are what the model sees."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from tests.widgets.user import SHAPE, User


def problems(user: User) -> str:
    return user.dock.status_line.problems.sentences


def seen(user: User) -> int:
    """Return the first pixel of what the model is shown."""
    return int(user.factory.tracker.request.frames[3][0, 0])


@pytest.mark.parametrize("is_same_array", [False, True])
def test_other_pixels_of_the_same_size_are_seen_and_told_of(
    tracked: User, is_same_array: bool
) -> None:
    layer, session = tracked.viewer.layers["cells"], tracked.session
    pixels = layer.data if is_same_array else layer.data.copy()
    made = len(tracked.factory.made)
    pixels[:] = 7
    layer.data = pixels
    tracked.wait(lambda: len(tracked.factory.made) > made)
    tracked.wait_idle()
    assert seen(tracked) == 7
    assert "The pixels of cells were exchanged" in problems(tracked)
    assert tracked.session is session
    assert tracked.document.frames_covered(1) == SHAPE[0]
    np.testing.assert_array_equal(session.controller.frames[0], layer.data[0])


def test_nothing_is_said_where_nothing_was_done_yet(working: User) -> None:
    working.viewer.layers["cells"].data = np.full(SHAPE, 7, np.uint8)
    working.wait(lambda: working.session.controller.frames[0][0, 0] == 7)
    assert not problems(working)


def test_pixels_of_another_size_are_another_image(tracked: User) -> None:
    layer, before = tracked.viewer.layers["cells"], tracked.session
    layer.data = np.full((3, 24, 24), 7, np.uint8)
    tracked.wait(lambda: tracked.session not in (None, before))
    tracked.wait_idle()
    assert tracked.session.is_empty
    assert tracked.document.frame_count == 3
    assert "The pixels of cells were exchanged" in problems(tracked)
    assert "stays as the layer cells objects" in problems(tracked)
    assert before.masks.layer in tracked.viewer.layers
    assert "axis 0 (3)" in tracked.dock.image_panel.axes.currentText()
    tracked.click(1, 12, 12)
    tracked.wait_mask(1, 1)
    assert tracked.factory.tracker.request.frames[1].shape == (24, 24)


def test_pixels_that_cannot_be_used_are_told_of_until_others_come(
    tracked: User,
) -> None:
    layer = tracked.viewer.layers["cells"]
    layer.data = np.zeros((0, 40, 60), np.uint8)
    tracked.wait(lambda: tracked.session is None)
    assert "The image is empty" in problems(tracked)
    layer.data = np.full(SHAPE, 7, np.uint8)
    tracked.wait(lambda: tracked.session is not None)
    assert tracked.session.controller.frames[0][0, 0] == 7


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
    tracked: User,
) -> None:
    first = tracked.session
    tracked.open_image(name="others")
    images = tracked.dock.image_panel.images
    images.setCurrentIndex(images.findText("others"))
    images.activated.emit(images.currentIndex())
    tracked.wait(lambda: tracked.session is not first)
    tracked.viewer.layers["cells"].data = np.full(SHAPE, 7, np.uint8)
    tracked.wait(lambda: first.controller.frames[0][0, 0] == 7)
    assert tracked.session is not first
