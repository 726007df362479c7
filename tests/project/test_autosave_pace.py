"""Changes are written soon, but neither all the time nor while others are."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_sam2.core.errors import ProjectError
from napari_sam2.project import recovery
from napari_sam2.state import edits
from tests.control.manual_lane import ManualLane
from tests.project.conftest import Desk


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Return somebody whose work is all written, some time ago."""
    desk.paint(3)
    desk.autosave.save()
    assert not desk.autosave.has_changes
    desk.now += 60
    return desk


def after(desk: Desk, seconds: float) -> bool:
    """Whether a tick so much later finds everything written."""
    desk.now += seconds
    desk.autosave.tick()
    return not desk.autosave.has_changes


def test_changes_are_written_when_it_was_quiet_for_three_seconds(desk: Desk) -> None:
    desk.paint(4)
    assert not after(desk, 2)
    desk.paint(2)
    assert not after(desk, 2)
    assert after(desk, 1)


def test_changes_that_do_not_end_wait_half_a_minute_at_most(desk: Desk) -> None:
    for second in range(30):
        desk.document.apply(edits.rename_object(desk.document, 1, f"cell {second}"))
        assert not after(desk, 0.999)
    desk.document.apply(edits.rename_object(desk.document, 1, "cell"))
    assert after(desk, 0.5)


@pytest.mark.parametrize(("seconds", "rest"), [(0.2, 10), (5, 30)])
def test_what_takes_long_to_write_is_written_less_often(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, seconds: float, rest: float
) -> None:
    put = recovery._put

    def take_long(*args: object) -> None:
        put(*args)
        desk.now += seconds

    monkeypatch.setattr(recovery, "_put", take_long)
    desk.paint(4)
    assert after(desk, 3)
    desk.paint(2)
    assert not after(desk, rest - 0.5)
    assert after(desk, 1)


def test_nothing_new_is_taken_down_while_something_is_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ManualLane())
    desk.paint(3)
    assert after(desk, 3)
    desk.paint(4)
    assert not after(desk, 60)
    desk.lane.finish()
    assert after(desk, 3)
    desk.lane.finish()
    desk.crash()
    desk.assert_recovered()


def test_what_could_not_be_written_is_tried_again_half_a_minute_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ProjectError("The disk is full.")

    monkeypatch.setattr(recovery, "_put", fail)
    desk.paint(4)
    for _ in range(10):
        assert not after(desk, 3)
    assert len(desk.problems) == 1
    monkeypatch.undo()
    assert after(desk, 5)
