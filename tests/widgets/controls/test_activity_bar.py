"""napari's activity dock says what the status line says."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import QObject

from napari_sam2.core.cancel import Progress
from napari_sam2.widgets.controls import activity_bar
from napari_sam2.widgets.controls.activity_bar import ActivityBar


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Take down the bars that napari is given."""
    made: list[Any] = []

    class Watched(activity_bar.napari_progress):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            made.append(self)

    monkeypatch.setattr(activity_bar, "napari_progress", Watched)
    return made


def test_a_bar_follows_what_a_run_says_and_ends_with_it(qtbot, bars) -> None:
    owner, told = QObject(), []
    bar = ActivityBar(owner)
    bar.show(Progress(1, 9, "Track 1 object"))
    qtbot.waitUntil(lambda: len(bars) == 1)
    assert bars[0].desc.startswith("Track 1 object")
    bars[0].events.description.connect(lambda event: told.append(event.value))
    bar.show(Progress(3, 9, "Track 1 object (now along y)"))
    qtbot.waitUntil(lambda: bars[0].n == 3)
    bar.show(Progress(4, 9, "Track 1 object (now along y)"))
    qtbot.waitUntil(lambda: bars[0].n == 4)
    assert told == ["Track 1 object (now along y)"]
    bar.show(Progress(0, 5, "Saving"))  # is another one
    qtbot.waitUntil(lambda: len(bars) == 2)
    assert bars[0].disable
    bar.show(None)
    qtbot.waitUntil(lambda: bars[1].disable)
