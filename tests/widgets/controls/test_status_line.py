"""A run is followed in a few steps a second; anything else is shown at once."""

from __future__ import annotations

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.control import Activity, Status
from napari_sam2.core.cancel import Progress
from napari_sam2.widgets.controls import activity_bar
from napari_sam2.widgets.controls import beat as beats
from napari_sam2.widgets.controls.status_line import StatusLine


@pytest.fixture
def line(qtbot, monkeypatch: pytest.MonkeyPatch) -> StatusLine:
    """Return one whose time stands still."""
    monkeypatch.setattr(beats.time, "monotonic_ns", lambda: 10_000_000_000)
    line = StatusLine()
    qtbot.addWidget(line)
    line.show()
    return line


def running(done: int, label: str = "Track 1 object") -> Status:
    return Status(Activity.RUNNING, Progress(done, 90, label))


def test_frames_of_a_run_are_counted_at_the_next_beat(line, qtbot) -> None:
    for done in range(30):
        line.show_status(running(done))
    assert line._bar.value() == 0
    qtbot.waitUntil(lambda: line._bar.value() == 29)


def test_what_is_new_is_shown_at_once(line) -> None:
    line.show_status(running(1))
    line.show_status(running(2))
    line.show_status(running(3, "Track 1 object (now along y)"))
    assert line._bar.value() == 3
    assert line.message == "Track 1 object (now along y)…"
    line.show_status(running(4, "Track 1 object (now along y)"))
    line.show_status(Status(message="Track 1 object: 5 frames are done."))
    assert line.message == "Track 1 object: 5 frames are done."
    assert not line._bar.isVisible()


def test_a_bar_whose_end_is_unknown_does_not_move(line) -> None:
    line.show_status(Status(Activity.LOADING, Progress(0, 0, "Reading")))
    assert line._bar.maximum() > 0
    assert line._bar.value() == 0


@pytest.mark.parametrize("is_seen", [True, False])
def test_napari_shows_a_run_only_where_the_line_is_not_seen(
    line, qtbot, monkeypatch: pytest.MonkeyPatch, is_seen: bool
) -> None:
    made: list[dict] = []

    def make(**options):
        made.append(options)
        return progress(**options)

    progress = activity_bar.napari_progress
    monkeypatch.setattr(activity_bar, "napari_progress", make)
    line.setVisible(is_seen)
    line.show_status(running(1))
    if is_seen:
        qtbot.wait(600)
        assert not made
    else:
        qtbot.waitUntil(lambda: bool(made))
    line.close_activity()
