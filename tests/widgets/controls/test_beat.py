"""What changes often is shown at the next beat, and what is rare at once."""

from __future__ import annotations

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import QObject

from napari_sam2.widgets.controls import beat as beats
from napari_sam2.widgets.controls.beat import Beat


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the time in milliseconds, which stands still."""
    now = [10_000]
    monkeypatch.setattr(beats.time, "monotonic_ns", lambda: now[0] * 1_000_000)
    return now


def test_the_first_change_is_shown_at_once_and_the_next_wait(qtbot, clock) -> None:
    done: list[int] = []
    beat = Beat(lambda: done.append(clock[0]), beat_ms=40)
    for _ in range(5):
        beat.soon()
    assert done == [10_000]
    clock[0] += 40
    qtbot.waitUntil(lambda: done == [10_000, 10_040])
    beat.soon()
    qtbot.waitUntil(lambda: len(done) == 3)
    qtbot.wait(100)
    assert len(done) == 3


def test_what_must_not_wait_takes_the_place_of_what_does(qtbot, clock) -> None:
    done: list[int] = []
    beat = Beat(lambda: done.append(1), beat_ms=40)
    beat.soon()
    beat.soon()
    beat.now()
    qtbot.wait(100)
    assert len(done) == 2


def test_nothing_is_done_after_it_was_stopped(qtbot, clock) -> None:
    done: list[int] = []
    beat = Beat(lambda: done.append(1), beat_ms=40)
    beat.soon()
    beat.soon()
    beat.stop()
    qtbot.wait(100)
    assert len(done) == 1


def test_all_that_wait_have_the_beat_at_once(qtbot, clock) -> None:
    done: list[str] = []
    first = Beat(lambda: done.append("first"), beat_ms=40)
    second = Beat(lambda: done.append("second"), beat_ms=400_000)
    for one in (first, first, second, second):
        one.soon()
    done.clear()
    qtbot.waitUntil(lambda: "first" in done)
    assert sorted(done) == ["first", "second"]


def test_what_is_gone_keeps_nobody_from_the_beat(qtbot, clock) -> None:
    done: list[int] = []
    owner = QObject()
    gone = Beat(lambda: None, beat_ms=40, parent=owner)
    beat = Beat(lambda: done.append(1), beat_ms=40)
    for one in (gone, gone, beat, beat):
        one.soon()
    with qtbot.waitSignal(owner.destroyed):
        owner.deleteLater()
    qtbot.waitUntil(lambda: len(done) == 2)
