"""Propagate: which objects, how far, stop and go on, with real buttons."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import Qt

from napari_sam2.state import edits
from napari_sam2.widgets.sessions import exporting
from tests.widgets.user import SHAPE, User


@pytest.fixture
def three(working: User) -> User:
    """Return a user with three objects, clicked on the first frame."""
    for y in (8, 20, 32):
        working.dock.workbench.objects.add()
        working.click(0, y, 20)
    working.wait_mask(3, 0)
    working.wait_idle()
    return working


@pytest.fixture
def gate(three: User) -> threading.Semaphore:
    """Return what lets a run compute one more frame."""
    gate = three.factory.gate = threading.Semaphore(0)
    three.factory.tracker.gate = gate
    return gate


def press(user: User, button) -> None:
    user.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def covered(user: User) -> list[int]:
    return [user.document.frames_covered(i) for i in user.document.objects]


def test_several_chosen_objects_are_followed_alone(three: User) -> None:
    bench = three.dock.workbench
    tree = bench.objects.tree
    tree.setCurrentItem(tree.topLevelItem(0))
    tree.topLevelItem(2).setSelected(True)
    assert bench.objects.chosen == (1, 3)
    bench.track._selected.click()
    press(three, bench.track.run_button)
    three.wait(lambda: covered(three) == [SHAPE[0], 1, SHAPE[0]])
    three.wait_idle()


def test_a_stopped_run_is_continued_with_a_button(three: User, gate) -> None:
    track = three.dock.workbench.track
    assert not track.resume_button.isEnabled()
    press(three, track.run_button)
    gate.release(4)
    three.wait(lambda: covered(three) == [4, 4, 4])
    press(three, track.stop_button)
    three.wait_idle()
    assert "Continue" in three.dock.status_line.message
    assert track.resume_button.isEnabled()
    gate.release(20)
    press(three, track.resume_button)
    three.wait(lambda: covered(three) == [SHAPE[0]] * 3)
    three.wait_idle()
    assert three.factory.tracker.log[-1][0] == "resume"
    assert not track.resume_button.isEnabled()


def test_a_stopped_run_waits_for_a_file_that_is_written(
    three: User, gate, tmp_path, monkeypatch
) -> None:
    bench = three.dock.workbench
    press(three, bench.track.run_button)
    gate.release(4)
    three.wait(lambda: covered(three) == [4, 4, 4])
    press(three, bench.track.stop_button)
    three.wait_idle()
    go_on = threading.Event()
    draw = exporting.Results.labels

    def slowly(results, frame):
        go_on.wait(timeout=5)
        return draw(results, frame)

    monkeypatch.setattr(exporting.Results, "labels", slowly)
    bench.results.form.path.value = str(tmp_path / "labels.tif")
    bench.results.form.save_button.native.click()
    three.wait(lambda: three.status.is_busy)
    assert not bench.track.resume_button.isEnabled()
    three.session.history.do(edits.add_object(three.document))
    assert not bench.track.resume_button.isEnabled()
    go_on.set()
    three.wait_idle()
    assert "Saved:" in three.dock.status_line.message
    assert bench.track.resume_button.isEnabled()


def test_a_click_during_a_run_says_how_to_go_on(three: User, gate) -> None:
    track = three.dock.workbench.track
    press(three, track.run_button)
    gate.release(3)
    three.wait(lambda: covered(three)[0] == 3)
    three.click(7, 30, 50)
    three.wait_mask(3, 7)
    three.wait_idle()
    assert "Stopped for your correction" in three.dock.status_line.message
    three.session.history.undo()
    assert not track.resume_button.isEnabled()
