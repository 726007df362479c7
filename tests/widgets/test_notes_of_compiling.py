"""What came of compiling is said in the dock whose model it is, and of that one."""

from __future__ import annotations

import logging
import threading

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the dock's tests need pytest-qt")
pytest.importorskip("napari", reason="the dock needs napari")

from napari.components import ViewerModel

from napari_sam2.widgets.dock import Sam2Dock
from tests.widgets.screen import NO_SCREEN
from tests.widgets.user import lane_threads

COMPILED = "The mask decoder is compiled now."
REFUSED = "The model is not compiled. No compiler was found."


@pytest.fixture
def docks(qtbot, monkeypatch):
    """Return two docks whose models are to be compiled, and are open."""
    if NO_SCREEN:
        pytest.skip(NO_SCREEN)
    opening = "napari_sam2.engine.compiled.opening.why_not"
    monkeypatch.setattr(opening, lambda device: "No compiler was found.")
    docks = []
    for _ in range(2):
        viewer = ViewerModel()
        viewer.add_image(np.zeros((3, 40, 60), np.uint8))
        docks.append(Sam2Dock(viewer))
        qtbot.addWidget(docks[-1])
    for dock in docks:
        dock.settings.is_compiled = True
        dock.sessions.current.controller.prepare()
        qtbot.waitUntil(lambda dock=dock: notes(dock) != "", timeout=60_000)
        wait_ready(dock, qtbot)
    yield docks
    for dock in docks:
        dock.shut_down()
    assert not lane_threads()


def notes(dock: Sam2Dock) -> str:
    return dock.settings_form.compiling.text()


def wait_ready(dock: Sam2Dock, qtbot) -> None:
    qtbot.waitUntil(lambda: "ready" in dock.status_line.message, timeout=60_000)


def work(dock: Sam2Dock, *, after: threading.Event | None = None) -> None:
    """Have the dock's worker say what came of compiling."""

    def job(token):
        if after is not None:
            after.wait(10)
        logging.getLogger("napari_sam2.engine.compiled.race").warning(COMPILED)
        yield None

    dock.lane.submit(job)


def test_two_docks_do_not_hear_each_others_notes(docks, qtbot) -> None:
    other, one = docks  # the first one would hear it first
    assert notes(one) == notes(other) == REFUSED
    work(one)
    qtbot.waitUntil(lambda: COMPILED in notes(one))
    assert COMPILED not in notes(other)
    assert COMPILED not in other.status_line.message


def test_a_note_that_comes_late_is_not_taken_for_another_model(docks, qtbot) -> None:
    dock, goes_on = docks[0], threading.Event()
    work(dock, after=goes_on)
    dock.settings.image_size = 256  # while the worker is busy with the model before
    goes_on.set()
    qtbot.waitUntil(lambda: notes(dock) != "", timeout=60_000)
    assert notes(dock) == REFUSED
