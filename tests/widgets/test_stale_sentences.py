"""What was said is not left there when something else is done."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from tests.widgets.user import User


def said(user: User) -> str:
    return user.dock.status_line.message


def test_what_was_undone_is_not_spoken_of_after_a_new_prompt(working: User) -> None:
    working.click(2, 10, 10)
    working.wait_idle()
    working.dock.workbench._undo.click()
    assert "Undone" in said(working)
    working.click(3, 10, 10)
    working.wait_idle()
    assert "Undone" not in said(working)


@pytest.mark.parametrize("deed", ["next_doubtful", "accept"])
def test_a_run_is_not_spoken_of_in_the_review(tracked: User, deed: str) -> None:
    assert "10 frames are done" in said(tracked)
    settings = tracked.dock.settings
    settings.thresholds = replace(settings.thresholds, predicted_iou=1.0)
    getattr(tracked.dock.workbench.review, deed)()
    assert "done" not in said(tracked)


def test_what_was_saved_is_not_spoken_of_after_a_new_prompt(
    tracked: User, tmp_path
) -> None:
    tracked.dock.projects.save_as(tmp_path / "cells.sam2")
    tracked.wait(lambda: "Saved" in said(tracked))
    tracked.click(3, 10, 10)
    tracked.wait_idle()
    assert "Saved" not in said(tracked)


def test_how_to_go_on_with_a_stopped_run_stays(working: User) -> None:
    working.click(3, 20, 30)
    working.wait_mask(1, 3)
    working.wait_idle()
    working.factory.tracker.gate = threading.Semaphore(2)
    working.dock.workbench.track.run()
    working.wait(lambda: working.document.frames_covered(1) >= 2)
    working.session.controller.stop()
    working.wait_idle()
    assert "Continue goes on" in said(working)
    working.click(4, 10, 10)
    working.wait_idle()
    assert "Continue goes on" in said(working)
