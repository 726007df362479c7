"""Work on a volume along y, or along several axes one after the other, is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari.layers import Image
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from tests.widgets.projects.desk import reopen, save
from tests.widgets.user import User

SHAPE = 6, 20, 30
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def volume(user_without_window: User, tmp_path: Path) -> User:
    """Return somebody with a volume from a file."""
    user, path = user_without_window, tmp_path / "head.tif"
    pixels = np.random.default_rng(0).integers(0, 200, SHAPE, np.uint8)
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "ZYX"})
    array, described, _ = image_layer(open_stack(path))
    user.viewer.add_image(array, **described)
    user.open_dock()
    return user


def choose(user: User, words: str) -> None:
    """Choose an axis with the keyboard."""
    axes = user.dock.image_panel.axes
    wanted = axes.findText(words)
    assert wanted >= 0
    while axes.currentIndex() != wanted:
        is_below = wanted > axes.currentIndex()
        QTest.keyClick(axes, Qt.Key.Key_Down if is_below else Qt.Key.Key_Up)


def click(user: User, *place: int) -> None:
    """Click somewhere in the volume, and wait for the mask."""
    user.viewer.dims.set_current_step((0, 1, 2), place)
    before = len(user.document.masks)
    user.session.prompts.points.add(place)
    user.wait(lambda: len(user.document.masks) > before)
    user.wait_idle()


def open_again(user: User, path: Path) -> None:
    reopen(user)
    user.dock.projects.open(path)
    user.wait(lambda: user.session is not None)
    user.wait_idle()


def test_a_project_along_y_is_opened_in_a_view_of_y(
    volume: User, tmp_path: Path
) -> None:
    choose(volume, "y (20)")
    click(volume, 3, 9, 15)
    before = volume.viewer.dims.order
    assert before == (1, 0, 2)
    open_again(volume, save(volume, tmp_path / "head.sam2"))
    assert volume.viewer.dims.order == before
    assert volume.viewer.dims.current_step[1] == 9
    assert volume.session.masks.layer.data[:, 9].any()


@pytest.fixture
def both(volume: User, tmp_path: Path) -> User:
    """Return somebody who worked along z, then along y, and saved that."""
    click(volume, 3, 9, 15)
    choose(volume, "y (20)")
    volume.qtbot.mouseClick(volume.dock.axis_question.keep_button, LEFT)
    volume.wait_idle()
    click(volume, 2, 12, 8)
    save(volume, tmp_path / "head.sam2")
    return volume


def test_what_is_not_saved_along_another_axis_is_said(
    both: User, tmp_path: Path
) -> None:
    line, note = both.dock.status_line, both.dock.projects._note
    both.wait(lambda: "The work along z is not in it" in line.message)
    assert note.text() == "Saved, but not the work along z."
    choose(both, "z (6)")
    save(both, tmp_path / "along z.sam2")
    assert note.text() == "All changes are saved."
    choose(both, "y (20)")
    assert note.text() == "All changes are saved."


def test_work_along_another_axis_is_restored_on_the_image_that_is_open(
    both: User, tmp_path: Path
) -> None:
    open_again(both, tmp_path / "head.sam2")
    banner = both.dock.projects.banner
    both.wait(lambda: banner.isVisibleTo(both.dock))
    both.qtbot.mouseClick(banner.restore_button, LEFT)
    both.wait(lambda: both.session.image.frame_axis == 0)
    both.wait_idle()
    assert both.dock.image_panel.axes.currentText() == "z (6)"
    assert [one.name for one in both.viewer.layers if isinstance(one, Image)] == [
        "head"
    ]
    assert set(both.document.prompts) == {(1, 3)}
    assert both.viewer.dims.order == (0, 1, 2)
    choose(both, "y (20)")
    assert (1, 12) in both.document.prompts
    assert both.viewer.dims.order == (1, 0, 2)
    assert both.dock.projects.keeper.path == tmp_path / "head.sam2"


def test_layers_along_a_second_axis_say_which(both: User) -> None:
    assert names(both) == [
        "head", "head objects", "head boxes", "head points",
        "head objects (y)", "head boxes (y)", "head points (y)",
    ]  # fmt: skip
    both.viewer.layers["head"].name = "skull"
    assert "skull objects (y)" in names(both)


def test_an_axis_that_is_chosen_before_anything_is_done_takes_the_plain_names(
    volume: User,
) -> None:
    choose(volume, "y (20)")
    volume.wait_idle()
    assert names(volume) == ["head", "head objects", "head boxes", "head points"]


def names(user: User) -> list[str]:
    return [one.name for one in user.viewer.layers]
