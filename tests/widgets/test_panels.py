"""What the parts of the dock do for the user."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari.utils.key_bindings import KeymapHandler
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QComboBox, QPushButton

from napari_sam2.io.label_frames import read_labels
from napari_sam2.state import Origin
from napari_sam2.widgets.tables.measurement_table import MeasurementTable
from tests.widgets.user import SHAPE, User


@pytest.fixture
def tracked_in_window(working_in_window: User) -> User:
    """Return somebody who did so at a window of napari's, which can take more docks."""
    working_in_window.follow()
    return working_in_window


def test_every_control_says_what_it_does(tracked: User) -> None:
    for kind in (QPushButton, QComboBox):
        for one in tracked.dock.findChildren(kind):
            assert one.toolTip(), one
            assert one.focusPolicy() != Qt.FocusPolicy.NoFocus


def test_objects_are_added_renamed_and_deleted(working: User) -> None:
    panel = working.dock.workbench.objects
    assert not (panel.delete_button.isEnabled() or panel.jump_button.isEnabled())
    panel.add()
    panel.add()
    assert panel.tree.topLevelItemCount() == 2
    assert panel.delete_button.isEnabled() and panel.jump_button.isEnabled()
    panel.tree.topLevelItem(1).setText(0, "mother")
    assert working.document.objects[2].name == "mother"
    panel.tree.setCurrentItem(panel.tree.topLevelItem(0))
    assert working.document.selected == 1
    working.click(0, 5, 5)
    assert set(working.document.prompts) == {(1, 0)}
    panel.delete()
    assert list(working.document.objects) == [2]
    working.session.history.undo()
    assert panel.tree.topLevelItemCount() == 2


@pytest.fixture
def several_chosen(working: User) -> User:
    """Return somebody who has chosen three of five objects."""
    panel = working.dock.workbench.objects
    for _ in range(5):
        panel.add()
    panel.tree.setCurrentItem(panel.tree.topLevelItem(2))
    for row in (0, 1):
        panel.tree.topLevelItem(row).setSelected(True)
    assert panel.chosen == (1, 2, 3)
    return working


def test_what_is_chosen_stays_chosen_when_the_list_changes(several_chosen) -> None:
    panel, document = several_chosen.dock.workbench.objects, several_chosen.document
    panel.tree.topLevelItem(1).setText(0, "mother")
    assert (panel.chosen, document.selected) == ((1, 2, 3), 3)
    several_chosen.session.history.undo()
    assert (panel.chosen, document.selected) == ((1, 2, 3), 3)
    panel.add()  # which is another choice
    assert (panel.chosen, document.selected) == ((6,), 6)


def test_all_that_is_chosen_is_deleted_in_one_step(several_chosen) -> None:
    panel = several_chosen.dock.workbench.objects
    panel.delete()
    assert list(several_chosen.document.objects) == [4, 5]
    several_chosen.session.history.undo()
    assert list(several_chosen.document.objects) == [1, 2, 3, 4, 5]


def test_all_that_is_chosen_is_merged_into_the_first(working: User) -> None:
    panel, document = working.dock.workbench.objects, working.document
    for y in (8, 30, 20):
        panel.add()
        working.click(2, y, 30)
        working.wait_mask(len(document.objects), 2)
    assert not panel.merge_button.isEnabled(), "only one is chosen"
    first, second, _ = (panel.tree.topLevelItem(row) for row in range(3))
    panel.tree.setCurrentItem(second)
    first.setSelected(True)
    panel.merge_button.click()
    assert [panel.tree.topLevelItem(i).text(0) for i in (0, 1)] == [
        "Object 1",
        "Object 3",
    ]
    assert (document.selected, panel.chosen) == (1, (1,))
    assert not panel.merge_button.isEnabled()
    labels = working.shown(2)
    assert labels[8, 30] == labels[30, 30] == 1
    assert len(working.session.prompts.points.data) == 1, "that of the third"
    assert "replaces the prompts" in working.dock.status_line.message
    working.dock.workbench._undo.click()
    assert len(working.session.prompts.points.data) == 3
    np.testing.assert_array_equal(working.shown(2)[[8, 30], 30], [1, 2])


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_the_chosen_object_is_deleted_by_a_key(working: User, key) -> None:
    panel = working.dock.workbench.objects
    panel.add()
    panel.add()
    panel.tree.setFocus()
    working.qtbot.keyClick(panel.tree, key)
    working.wait(lambda: list(working.document.objects) == [1])


def test_an_empty_name_is_refused_in_words(working: User) -> None:
    panel = working.dock.workbench.objects
    panel.add()
    panel.tree.topLevelItem(0).setText(0, "  ")
    assert "empty name" in working.dock.status_line.message
    assert panel.tree.topLevelItem(0).text(0) == "Object 1"


def test_the_timeline_goes_where_it_is_clicked(tracked: User) -> None:
    timeline = tracked.dock.workbench.review.timeline
    middle = timeline.height() // 2
    tracked.qtbot.mouseClick(
        timeline, Qt.MouseButton.LeftButton, pos=QPoint(timeline.width() - 2, middle)
    )
    assert tracked.session.position.frame == SHAPE[0] - 1
    assert "90%" in timeline.describe(1, 5)
    assert "nothing is known" not in timeline.describe(1, 9)


def test_doubts_are_visited_worst_first_and_accepted(tracked: User) -> None:
    review = tracked.dock.workbench.review
    review.next_doubtful()
    assert "No mask is doubtful" in review.remark.label.text()
    _, number = review._limits._lines["predicted_iou"]
    number.setValue(0.95)  # the fake tracker says 0.9
    review.next_doubtful()
    first = tracked.session.position.frame
    assert "90%" in review.remark.label.text()
    review.accept()
    assert tracked.mask(1, first).is_reviewed
    assert tracked.session.position.frame != first


def test_absent_is_kept_by_the_next_run(tracked: User) -> None:
    tracked.session.position.go_to(7)
    tracked.dock.workbench.review.mark_absent()
    assert tracked.mask(1, 7).origin is Origin.PAINTED
    tracked.dock.workbench.track.run()
    tracked.wait_idle()
    assert tracked.mask(1, 7).mask.is_absent
    assert not tracked.shown(7).any()


def test_a_range_limits_the_run(working: User) -> None:
    working.click(3, 20, 30)
    working.wait_mask(1, 3)
    track = working.dock.workbench.track
    working.session.position.go_to(2)
    track.begin_here()
    working.session.position.go_to(5)
    track.end_here()
    track.run()
    working.wait(lambda: working.document.frames_covered(1) == 4)
    working.wait_idle()
    assert sorted(working.document.masks.of_object(1)) == [2, 3, 4, 5]


def test_files_and_the_table_hold_what_is_seen(
    tracked_in_window: User, tmp_path: Path
) -> None:
    tracked = tracked_in_window
    results = tracked.dock.workbench.results
    results.save(tmp_path / "labels.tif")
    results.save(tmp_path / "objects.csv", "csv")
    tracked.wait((tmp_path / "objects.csv").exists)
    labels = read_labels(tmp_path / "labels.tif")
    np.testing.assert_array_equal(labels[4], tracked.shown(4))
    with (tmp_path / "objects.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == SHAPE[0]
    assert {row["area"] for row in rows} == {str(np.count_nonzero(labels[4]))}
    shown: list[MeasurementTable] = []
    results.table_ready.connect(shown.append)
    results.show_table()
    tracked.wait(lambda: shown[0].view.model().rowCount() == SHAPE[0])
    results.show_table()
    assert len(shown) == 1, "it is measured again where it is"


def test_a_folder_that_is_gone_is_told_in_a_sentence(
    tracked: User, tmp_path: Path, told: list[Exception]
) -> None:
    tracked.dock.workbench.results.save(tmp_path / "gone" / "labels.tif")
    tracked.wait(lambda: bool(told))
    assert "gone" in tracked.dock.status_line.message


def test_prompts_are_copied_from_another_frame(working: User) -> None:
    working.click(1, 20, 30)
    working.wait_mask(1, 1)
    working.session.position.go_to(6)
    working.dock.workbench.prompts.copy_from(1)
    working.wait_mask(1, 6)
    assert working.document.prompts[1, 6] == working.document.prompts[1, 1]


def test_contrast_reaches_the_model_once_it_rests(working: User) -> None:
    layer = working.session.image.layer
    for high in (100, 90, 80):
        layer.contrast_limits = (0, high)
    working.wait(lambda: working.dock.settings.limits.high == (80.0,))
    working.click(1, 20, 30)
    working.wait_mask(1, 1)
    assert working.factory.tracker.request.limits.high == (80.0,)


def test_picking_a_mask_chooses_its_object(working: User) -> None:
    panel = working.dock.workbench.objects
    for y in (8, 30):
        panel.add()
        working.click(2, y, 30)
    working.wait_mask(2, 2)
    working.dock.workbench.prompts.pick()
    masks = working.session.masks.layer
    assert str(masks.mode) == "pick"
    masks.selected_label = 1  # what napari does for a click in this mode
    assert working.document.selected == 1


@pytest.mark.parametrize("tool", ["add_points", "draw_boxes", "paint", "edit"])
def test_a_key_chooses_the_object_under_the_mouse_with_any_tool(
    working: User, tool: str
) -> None:
    for y in (8, 30):
        working.dock.workbench.objects.add()
        working.click(2, y, 30)
    working.wait_mask(2, 2)
    getattr(working.dock.workbench.prompts, tool)()
    active = working.viewer.layers.selection.active
    working.viewer.cursor.position = (2, 8, 30)
    press_key(working, "U")
    assert working.document.selected == 1
    assert working.viewer.layers.selection.active == active
    working.viewer.cursor.position = (2, 20, 5)
    press_key(working, "U")
    assert working.document.selected == 1


def test_keys_show_one_object_only_and_go_to_its_first_prompt(working: User) -> None:
    for y in (8, 30):
        working.dock.workbench.objects.add()
        working.click(2, y, 30)
    working.wait_mask(2, 2)
    press_key(working, "Shift-U")
    assert working.session.masks.hidden == {1}
    press_key(working, "Shift-U")
    assert not working.session.masks.hidden
    working.session.position.go_to(7)
    press_key(working, "Home")
    assert working.session.position.frame == 2


def press_key(user: User, key: str) -> None:
    """Press a key in the picture: the active layer's meaning of it comes first."""
    keys = KeymapHandler()
    keys.keymap_providers = [user.viewer.layers.selection.active, user.viewer]
    assert keys.press_key(key)
