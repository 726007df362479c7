"""The table of measurements: large, sorted by numbers, and a way to go places."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import QItemSelectionModel, Qt

from napari_sam2.core.axes import Axis
from napari_sam2.core.errors import FrameError
from napari_sam2.io.writing.measurements import Measurer
from napari_sam2.state import edits
from napari_sam2.widgets.tables.measurement_model import MeasurementModel
from napari_sam2.widgets.tables.measurement_table import MeasurementTable
from tests.widgets.user import SHAPE, User

AXES = (
    Axis("t", 10_000, 30.0, "second"),
    Axis("y", 40, 0.5, "micrometer"),
    Axis("x", 60, 0.5, "micrometer"),
)
MEASURER = Measurer(AXES)
DOWN = Qt.SortOrder.DescendingOrder


def rows(frames: int, objects: int) -> np.ndarray:
    """Return rows as they are measured: by frame, then object."""
    made = np.zeros(frames * objects, MEASURER.dtype)
    made["frame"] = np.repeat(np.arange(frames), objects)
    made["object"] = np.tile(np.arange(1, objects + 1), frames)
    made["area"] = made["frame"] * 7 % 100
    made["centroid_y"] = np.where(made["object"] == 2, np.nan, made["frame"])
    return made


def model_of(made: np.ndarray, names: dict[int, str] | None = None) -> MeasurementModel:
    model = MeasurementModel(MEASURER, names or {}, len(made))
    model.add(made)
    return model


def shown(model: MeasurementModel, name: str, count: int | None = None) -> list[str]:
    place = [one.name for one in MEASURER.columns].index(name)
    count = model.rowCount() if count is None else count
    return [model.data(model.index(row, place)) for row in range(count)]


def sort(model: MeasurementModel, name: str, *order: Qt.SortOrder) -> None:
    model.sort([one.name for one in MEASURER.columns].index(name), *order)


def test_two_million_rows_are_shown_and_sorted(qtbot) -> None:
    model = model_of(rows(10_000, 200))
    assert model.rowCount() == 2_000_000
    sort(model, "area", DOWN)
    assert shown(model, "area", 3) == ["99", "99", "99"]
    assert model.place(0) == (1, 57), "of equal areas the first frame, first object"


def test_numbers_are_sorted_as_numbers_and_gaps_come_last(qtbot) -> None:
    model = model_of(rows(12, 2))
    sort(model, "centroid_y")
    assert shown(model, "centroid_y")[:12] == [f"{n}.000" for n in range(12)]
    sort(model, "centroid_y", DOWN)
    assert shown(model, "centroid_y")[:2] == ["11.000", "10.000"]
    assert set(shown(model, "centroid_y")[12:]) == {""}


def test_names_are_sorted_whatever_their_capitals(qtbot) -> None:
    model = model_of(rows(2, 3), {1: "zebra", 2: "Ape", 3: "bee"})
    sort(model, "name")
    assert shown(model, "name") == ["Ape", "Ape", "bee", "bee", "zebra", "zebra"]
    assert shown(model, "frame")[:2] == ["0", "1"]


def test_headers_name_units_and_say_what_they_mean(qtbot) -> None:
    model = model_of(rows(1, 1))
    names = [
        model.headerData(n, Qt.Orientation.Horizontal)
        for n in range(model.columnCount())
    ]
    assert names == [one.name for one in MEASURER.columns]
    assert "area_um2" in names
    tip = Qt.ItemDataRole.ToolTipRole
    for number in range(model.columnCount()):
        assert model.headerData(number, Qt.Orientation.Horizontal, tip)


@pytest.fixture
def tracked(user_without_window: User) -> User:
    """Return a user who followed two objects through the stack."""
    user = user_without_window
    user.open_image(scale=(30, 0.5, 0.5), units=("s", "um", "um"))
    user.open_dock()
    for y in (8, 30):
        user.dock.workbench.objects.add()
        user.click(3, y, 30)
    user.wait_mask(2, 3)
    user.dock.workbench.track.run()
    user.wait(lambda: user.document.frames_covered(2) == SHAPE[0])
    user.wait_idle()
    return user


@pytest.fixture
def table(tracked: User, qtbot) -> MeasurementTable:
    made: list[MeasurementTable] = []
    results = tracked.dock.workbench.results
    results.table_ready.disconnect()  # there is no window that could show it
    results.table_ready.connect(made.append)
    results.show_button.click()
    (table,) = made
    qtbot.addWidget(table)
    table.show()
    tracked.wait(lambda: "Click a row" in table.line.text())
    tracked.wait_idle()
    return table


def test_frames_come_first_and_a_row_leads_to_its_frame_and_object(
    tracked: User, table: MeasurementTable
) -> None:
    model = table.view.model()
    assert [model.place(row) for row in range(3)] == [(1, 0), (2, 0), (1, 1)]
    assert model.rowCount() == 2 * SHAPE[0]
    spot = table.view.visualRect(model.index(3, 0)).center()
    tracked.qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert tracked.session.position.frame == 1
    assert tracked.document.selected == 2
    tracked.qtbot.keyClick(table.view, Qt.Key.Key_Down)
    assert (tracked.session.position.frame, tracked.document.selected) == (2, 1)


def test_a_header_sorts_and_rows_still_lead_to_their_place(
    tracked: User, table: MeasurementTable
) -> None:
    table.view.sortByColumn(0, DOWN)
    index = table.view.model().index(0, 0)
    chosen = QItemSelectionModel.SelectionFlag.ClearAndSelect
    table.view.selectionModel().setCurrentIndex(index, chosen)
    assert tracked.session.position.frame == SHAPE[0] - 1


def test_a_table_says_when_it_is_out_of_date_and_can_be_made_again(
    tracked: User, table: MeasurementTable
) -> None:
    tracked.session.history.do(edits.mark_absent(tracked.document, 2, [4]))
    assert "Out of date" in table.line.text()
    table.again_button.click()
    tracked.wait(lambda: "Click a row" in table.line.text())
    tracked.wait_idle()
    model = table.view.model()
    assert model._rows["absent"].sum() == 1


def test_the_same_columns_are_saved(
    tracked: User, table: MeasurementTable, tmp_path
) -> None:
    path = tmp_path / "objects.csv"
    tracked.dock.workbench.results.save(path, "csv")
    tracked.wait(path.exists)
    header, first, *_ = path.read_text().splitlines()
    model = table.view.model()
    columns = range(model.columnCount())
    across = Qt.Orientation.Horizontal
    assert header.split(",") == [model.headerData(n, across) for n in columns]
    assert first.split(",") == [model.data(model.index(0, n)) for n in columns]
    assert "area_um2" in header


def test_a_stopped_table_says_how_far_it_came(
    tracked: User, table: MeasurementTable, monkeypatch
) -> None:
    kind = type(tracked.session.controller.frames)
    read = kind.__getitem__

    def read_and_stop(self, frame: int):
        if frame == 4:
            tracked.dock.lane._current.token.cancel()
        return read(self, frame)

    monkeypatch.setattr("napari_sam2.widgets.tables.measurement_table._PORTION", 2)
    monkeypatch.setattr(kind, "__getitem__", read_and_stop)
    table.again_button.click()
    tracked.wait(lambda: "Stopped" in table.line.text())
    tracked.wait_idle()
    count = table.view.model().rowCount()
    assert 0 < count < 20
    assert f"{count} of 20 masks" in table.line.text()


def test_a_frame_that_is_gone_leaves_an_idle_dock(
    tracked: User, table: MeasurementTable, told: list[Exception], monkeypatch
) -> None:
    kind = type(tracked.session.controller.frames)
    monkeypatch.setattr(kind, "__getitem__", _unplugged)
    table.again_button.click()
    tracked.wait(lambda: "disk is gone" in tracked.dock.status_line.message)
    tracked.wait_idle()
    assert "Stopped: 0 of 20" in table.line.text()


def _unplugged(_frames: object, frame: int) -> np.ndarray:
    raise FrameError(f"Frame {frame} could not be read: the disk is gone.")


def test_a_table_outlives_its_session_and_does_no_harm(
    tracked: User, table: MeasurementTable
) -> None:
    tracked.viewer.layers.remove(tracked.session.image.layer)
    assert "last worked on" in table.line.text()
    assert not table.again_button.isEnabled()
    table.view.selectRow(2)
    assert table.view.model().rowCount() == 2 * SHAPE[0]
