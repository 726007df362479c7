"""The bundled model behind the dock, on slices of nuclei; no screen is needed.

The viewer has no window: presses and drags go through the callbacks that napari runs.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the dock's tests need pytest-qt")
pytest.importorskip("napari", reason="the dock needs napari")

from napari.components import ViewerModel

from napari_sam2.control import Activity
from napari_sam2.core.quality import MEANINGS
from napari_sam2.io.label_frames import read_labels
from napari_sam2.state import Origin
from napari_sam2.widgets.dock import Sam2Dock
from tests.layers.mouse import click, drag
from tests.widgets.truth import FIRST, Truth, nuclei, overlap
from tests.widgets.user import lane_threads

PROMPTED = 23 - FIRST


@dataclass
class Desk:
    """A dock at a viewer without a window, and what is true of its image."""

    viewer: ViewerModel
    dock: Sam2Dock
    qtbot: Any
    truth: Truth

    @property
    def session(self):
        return self.dock.sessions.current

    @property
    def document(self):
        return self.session.document

    @property
    def panels(self):
        return self.dock.workbench

    def world(self, y: float, x: float) -> tuple[float, ...]:
        return self.session.image.layer.data_to_world(
            (self.session.position.frame, y, x)
        )

    def click(self, point_yx: tuple[float, float], button: int = 1) -> None:
        """Click with the chosen tool, and wait for the answer."""
        layer = self.viewer.layers.selection.active
        click(self.viewer, layer, self.world(*point_yx), button=button)
        self.wait_idle()

    def drag(self, *points_yx: tuple[float, float]) -> None:
        """Drag with the chosen tool, and wait for the answer."""
        layer = self.viewer.layers.selection.active
        drag(self.viewer, layer, [self.world(*one) for one in points_yx])
        self.wait_idle()

    def wait_idle(self) -> None:
        self.wait(lambda: self.session.controller.status.activity is Activity.IDLE)

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(condition, timeout=60_000)

    def run(self) -> None:
        self.panels.track.run()
        self.wait_idle()

    def shown(self, frame: int, object_id: int = 1) -> np.ndarray:
        self.session.masks.apply()
        return np.asarray(self.session.masks.layer.data[frame]) == object_id

    def agreement(self, frame: int, value: int, object_id: int = 1) -> float:
        return overlap(self.shown(frame, object_id), self.truth.mask(value, frame))


@pytest.fixture
def desk(qtbot):
    """Return a dock with a few slices of nuclei; no thread may be left behind."""
    truth, viewer = nuclei(), ViewerModel()
    viewer.add_image(truth.stack, scale=(1, 0.5, 0.5), translate=(0, 7, 3))
    dock = Sam2Dock(viewer)
    qtbot.addWidget(dock)
    desk = Desk(viewer, dock, qtbot, truth)
    desk.wait(lambda: "ready" in dock.status_line.message)
    desk.wait(lambda: viewer.layers.selection.active == desk.session.prompts.points)
    desk.session.position.go_to(PROMPTED)
    yield desk
    dock.shut_down()
    assert not lane_threads()


def test_the_settings_say_which_quality_is_automatic_here(desk: Desk) -> None:
    desk.dock.settings.device = "cpu"
    meaning = desk.dock.settings_form.meaning
    desk.wait(lambda: meaning.text() == f"{MEANINGS['auto']} Here: exact.")
    desk.wait_idle()


def test_it_is_said_why_the_model_is_not_compiled(desk: Desk, monkeypatch) -> None:
    opening = "napari_sam2.engine.compiled.opening.why_not"
    monkeypatch.setattr(opening, lambda device: "No compiler was found.")
    form = desk.dock.settings_form
    assert form.compiling.isHidden()
    form.fields["is_compiled"].native.click()
    desk.panels.objects.add()
    desk.click(desk.truth.deepest(desk.truth.mask(8, PROMPTED)))
    said = "The model is not compiled. No compiler was found."
    assert form.compiling.text() == said
    assert not form.compiling.isHidden()
    form.fields["is_compiled"].native.click()
    assert form.compiling.isHidden()
    assert form.compiling.text() == ""


def box_around(desk: Desk, value: int) -> None:
    y0, x0, y1, x1 = desk.truth.box(value, PROMPTED)
    desk.panels.prompts.draw_boxes()
    desk.drag((y0, x0), (y0 + 3, x0 + 3), (y1, x1))


def test_clicks_of_both_buttons_find_and_correct_a_nucleus(desk: Desk) -> None:
    inside = desk.truth.deepest(desk.truth.mask(8, PROMPTED))
    desk.click(inside)
    assert desk.shown(PROMPTED)[tuple(map(round, inside))]
    first = desk.agreement(PROMPTED, 8)
    assert first > 0.5
    outside = desk.truth.deepest(desk.truth.labels[PROMPTED] == 0)
    desk.click(outside, button=2)
    assert desk.document.prompts[1, PROMPTED].positive == (True, False)
    assert not desk.shown(PROMPTED)[tuple(map(round, outside))]
    desk.session.history.undo()
    assert desk.agreement(PROMPTED, 8) == first


def test_a_box_is_carried_through_corrected_and_undone(desk: Desk) -> None:
    box_around(desk, 9)
    assert desk.agreement(PROMPTED, 9) > 0.7
    desk.run()
    for frame in range(desk.truth.frame_count):
        assert desk.agreement(frame, 9) > 0.65
    desk.session.position.go_to(1)
    before = desk.agreement(1, 9)
    desk.panels.prompts.add_points()
    desk.click(desk.truth.deepest(desk.truth.mask(9, 1) & ~desk.shown(1)))
    assert desk.agreement(1, 9) > before
    desk.run()
    for frame in range(desk.truth.frame_count):
        assert desk.agreement(frame, 9) > 0.65
    desk.session.history.undo()
    desk.session.history.undo()
    assert desk.agreement(1, 9) == before
    desk.session.history.undo()
    assert desk.document.frames_covered(1) == 1


def test_what_is_painted_is_followed_as_it_is(desk: Desk) -> None:
    desk.panels.objects.add()
    desk.panels.prompts.paint()
    desk.session.masks.layer.brush_size = 30
    y, x = desk.truth.deepest(desk.truth.mask(8, PROMPTED))
    desk.drag((y, x - 5), (y, x), (y, x + 5))
    painted = desk.shown(PROMPTED)
    assert painted[round(y), round(x)]
    assert desk.agreement(PROMPTED, 8) > 0.5
    desk.run()
    np.testing.assert_array_equal(desk.shown(PROMPTED), painted)
    assert desk.document.masks.get((1, PROMPTED)).origin is Origin.PAINTED
    assert desk.agreement(PROMPTED + 1, 8) > 0.5


def test_files_say_what_the_masks_say(desk: Desk, tmp_path: Path) -> None:
    box_around(desk, 8)
    desk.panels.objects.add()
    box_around(desk, 9)
    desk.run()
    desk.panels.results.save(tmp_path / "labels.tif")
    desk.wait((tmp_path / "labels.tif").exists)
    desk.wait_idle()
    desk.panels.results.save(tmp_path / "objects.csv", "csv")
    desk.wait((tmp_path / "objects.csv").exists)
    desk.wait_idle()
    labels = read_labels(tmp_path / "labels.tif")
    with (tmp_path / "objects.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * desk.truth.frame_count
    for row in rows:
        frame, object_id = int(row["frame"]), int(row["object"])
        value = {1: 8, 2: 9}[object_id]
        found = labels[frame] == object_id
        assert float(row["area"]) == np.count_nonzero(found)
        assert overlap(found, desk.truth.mask(value, frame)) > 0.65
        centre = np.argwhere(desk.truth.mask(value, frame)).mean(0)
        said = float(row["centroid_y"]), float(row["centroid_x"])
        assert np.hypot(*(np.array(said) - centre)) < 5
