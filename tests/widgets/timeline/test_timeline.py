"""The timeline is painted from what is known, and only where that has changed."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="needs pytest-qt and a Qt binding")
pytest.importorskip("qtpy", reason="needs a Qt binding")

from qtpy.QtGui import QColor, QPixmap

from napari_sam2.state import Document, Reviewer, ReviewThresholds, edits
from napari_sam2.widgets.controls import beat as beats
from napari_sam2.widgets.controls.links import Links
from napari_sam2.widgets.timeline import strip_painter
from napari_sam2.widgets.timeline.timeline import Timeline

FRAMES = 400


@pytest.fixture
def document() -> Document:
    document = Document(frame_count=FRAMES, shape_hw=(4, 4))
    for _ in range(2):
        document.apply(edits.add_object(document))
    return document


@pytest.fixture
def timeline(document: Document, qtbot) -> Timeline:
    timeline = Timeline(document, Reviewer(document, ReviewThresholds()), Links())
    qtbot.addWidget(timeline)
    timeline.resize(360, timeline.sizeHint().height())
    return timeline


def paint(document: Document, object_id: int, frames: range) -> None:
    mask = np.ones((4, 4), bool)
    places = {(object_id, frame): mask for frame in frames}
    document.apply(edits.paint_masks(document, places))


def colour(timeline: Timeline, object_id: int, frame: int) -> QColor:
    """Return the colour in the middle of a cell, after all of them were read."""
    picture = QPixmap(timeline.size())
    for _ in range(3):
        timeline.render(picture)
    x = timeline.width() - timeline._strip_width * (1 - (frame + 0.5) / FRAMES)
    return picture.toImage().pixelColor(int(x), timeline.middle_of(object_id))


def test_neighbours_that_are_painted_are_one_white_bar(timeline, document) -> None:
    paint(document, 1, range(100, 300))
    white = QColor("white")
    assert [colour(timeline, 1, frame) == white for frame in (20, 150, 250, 380)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert colour(timeline, 2, 200) != white


def test_what_has_changed_is_painted_anew(timeline, document) -> None:
    before = colour(timeline, 2, 200)
    paint(document, 2, range(190, 210))
    assert colour(timeline, 2, 200) == QColor("white") != before
    document.apply(edits.remove_object(document, 1))
    assert timeline.middle_of(1) is None
    assert colour(timeline, 2, 200) == QColor("white")


def test_another_frame_is_shown_without_painting_the_cells_again(
    timeline, document, monkeypatch
) -> None:
    paint(document, 1, range(FRAMES))
    colour(timeline, 1, 0)
    painted = []
    monkeypatch.setattr(strip_painter, "paint_cells", lambda *_: painted.append(1))
    for frame in range(5):
        timeline.show_frame(frame)
        timeline.render(QPixmap(timeline.size()))
    assert not painted


def test_frames_that_come_quickly_are_painted_together(
    document: Document, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beats.time, "monotonic_ns", lambda: 10_000_000_000)
    asked: list[int] = []
    monkeypatch.setattr(Timeline, "update", lambda _: asked.append(1))
    timeline = Timeline(document, Reviewer(document, ReviewThresholds()), Links())
    qtbot.addWidget(timeline)
    asked.clear()
    for frame in range(20):
        paint(document, 1, range(frame, frame + 1))
    assert len(asked) == 1
    qtbot.waitUntil(lambda: len(asked) == 2)
    qtbot.wait(100)
    assert len(asked) == 2
