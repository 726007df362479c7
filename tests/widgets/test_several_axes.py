"""Propagate along several axes of a volume: chosen, priced, stopped, taken back."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_sam2.core.recipe import Followed, OtherAxis
from napari_sam2.project import read_project
from tests.widgets.user import User

SHAPE = 6, 20, 30
FUSED = "along z, y and x, fused"


@pytest.fixture
def volume(user_without_window: User) -> User:
    """Return somebody who drew a box on a slice of a volume."""
    user = user_without_window
    user.open_image(SHAPE, axis_labels="zyx", name="head")
    user.open_dock()
    user.dock.workbench.objects.add()
    user.click(2, 10, 15)
    user.wait_mask(1, 2)
    user.wait_idle()
    return user


def choose(user: User, words: str = FUSED) -> None:
    """Choose with the keyboard, as one goes through a list."""
    axes = user.dock.workbench.track.across.axes
    wanted = axes.findText(words)
    assert wanted >= 0
    for _ in range(abs(wanted - axes.currentIndex())):
        is_below = wanted > axes.currentIndex()
        QTest.keyClick(axes, Qt.Key.Key_Down if is_below else Qt.Key.Key_Up)
    assert axes.currentText() == words


def doing(user: User) -> str:
    """Return what the progress bar says."""
    progress = user.status.progress
    return "" if progress is None else progress.label


def press(user: User, button) -> None:
    user.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_volume_is_followed_along_all_axes_in_one_step(volume: User) -> None:
    track, history = volume.dock.workbench.track, volume.session.history
    texts = [track.across.axes.itemText(n) for n in range(track.across.axes.count())]
    assert texts == [
        "along z only", "along z and y, fused", "along z and x, fused", FUSED,
    ]  # fmt: skip
    assert not track.across.cost.isVisibleTo(track)
    choose(volume)
    assert track.across.cost.isVisibleTo(track)
    assert "computes 56 frames in place of 6" in track.across.cost.text()
    press(volume, track.run_button)
    volume.wait_idle()
    assert volume.dock.status_line.message == "Track 1 object: 6 frames are done."
    assert [len(one.frames) for one in volume.factory.tracker.alikes] == list(SHAPE)
    assert volume.document.frames_covered(1) == SHAPE[0]
    assert "Track 1 object along 3 axes" in volume.dock.workbench._undo.toolTip()
    press(volume, volume.dock.workbench._undo)
    assert set(volume.document.masks.of_object(1)) == {2}
    assert history.redo_label == "Track 1 object along 3 axes"


def test_a_range_is_priced_as_well(volume: User) -> None:
    track = volume.dock.workbench.track
    choose(volume, "along z and y, fused")
    volume.session.position.go_to(3)
    track.begin_here()
    assert "computes 23 frames in place of 3" in track.across.cost.text()


def test_it_is_stopped_and_goes_on_with_real_buttons(volume: User) -> None:
    track = volume.dock.workbench.track
    gate = volume.factory.tracker.gate = threading.Semaphore(0)
    choose(volume)
    press(volume, track.run_button)
    gate.release(SHAPE[0] + 4)
    volume.wait(lambda: "(now along y)" in doing(volume))
    press(volume, track.stop_button)
    volume.wait_idle()
    assert "Stopped before the axes were fused" in volume.dock.status_line.message
    assert "6 of 6 frames are done" in volume.dock.status_line.message
    assert track.resume_button.isEnabled()
    gate.release(1000)
    press(volume, track.resume_button)
    volume.wait_idle()
    assert volume.dock.status_line.message == "Track 1 object: 6 frames are done."
    lengths = [len(one.frames) for one in volume.factory.tracker.alikes]
    assert lengths == [6, 20, 20, 30], "the first axis was done"
    assert not track.resume_button.isEnabled()


def test_the_dock_closes_in_the_middle_of_it(volume: User) -> None:
    gate = volume.factory.tracker.gate = threading.Semaphore(0)
    choose(volume)
    press(volume, volume.dock.workbench.track.run_button)
    gate.release(SHAPE[0] + 4)
    volume.wait(lambda: "(now along y)" in doing(volume))
    line = volume.dock.status_line.message
    assert line == "Track 1 object along 3 axes (now along y)…"
    document = volume.document
    volume.dock.shut_down()  # after which no thread is left, as for every test here
    assert document.frames_covered(1) == SHAPE[0]


def test_follow_it_again_stays_along_one_axis(volume: User) -> None:
    choose(volume)
    press(volume, volume.dock.workbench.track.run_button)
    volume.wait_idle()
    volume.session.position.go_to(4)
    volume.dock.workbench.review.follow_again()
    volume.wait_idle()
    steps = volume.session.controller.recorder.steps
    runs = [one for one in steps if isinstance(one, Followed)]
    assert [bool(one.across) for one in runs] == [True, False]


def test_the_choice_and_the_run_are_in_the_project(volume: User, tmp_path) -> None:
    choose(volume, "along z and x, fused")
    press(volume, volume.dock.workbench.track.run_button)
    volume.wait_idle()
    volume.dock.projects.save_as(tmp_path / "head.sam2")
    volume.wait(lambda: (tmp_path / "head.sam2").exists())
    kept = read_project(tmp_path / "head.sam2")
    assert kept.choices["across"] == (2,)
    (run,) = [one for one in kept.contents.steps if isinstance(one, Followed)]
    assert run.across == (OtherAxis(2, "x"),)


def test_time_lapses_and_pictures_are_not_asked(user_without_window: User) -> None:
    user = user_without_window
    user.open_image((5, 40, 60), axis_labels="tyx", name="movie")
    user.open_dock()
    track = user.dock.workbench.track
    assert not track.across.isVisibleTo(track)
    user.dock.settings.across = (1, 2)  # chosen for another image
    assert track.across.chosen == ()
    user.viewer.add_image(np.zeros((40, 60), np.uint8), name="picture")
    user.wait_idle()
    track = user.dock.workbench.track
    assert not track.across.isVisibleTo(track)


def test_volumes_in_time_say_why_not(along_z: User) -> None:
    track = along_z.dock.workbench.track
    along_z.dock.settings.across = (1, 2)
    assert track.across.isVisibleTo(track)
    assert not track.across.axes.isVisibleTo(track)
    assert track.across.cost.isVisibleTo(track)
    assert "Volumes at many t are fused" in track.across.cost.text()
    assert "track --axes z,y,x --fuse --every t" in track.across.cost.text()
    assert track.across.chosen == ()
