"""Everything in the dock can be reached without a mouse."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari.utils.key_bindings import coerce_keybinding
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QScrollArea,
    QWidget,
)

from napari_sam2.control import Activity
from napari_sam2.widgets.controls.section import Section
from tests.widgets.held import bring_to, let_go
from tests.widgets.user import User

_CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox)
_NAPARI_MENUS = set("FVLPWH")


@pytest.fixture
def dock(user_without_window: User) -> QWidget:
    user_without_window.open_image()
    return user_without_window.open_dock()


def test_every_section_has_a_letter_of_its_own_that_napari_leaves_free(dock) -> None:
    letters = [
        QKeySequence.mnemonic(one.header.text()).toString()
        for one in dock.findChildren(Section)
    ]
    assert len(letters) == len(set(letters)) == 11
    assert not {letter.removeprefix("Alt+") for letter in letters} & _NAPARI_MENUS


def test_a_letter_folds_a_section_and_tab_goes_on_into_it(dock, qtbot) -> None:
    (settings,) = [
        one for one in dock.findChildren(Section) if "Settings" in one.header.text()
    ]
    content = dock.settings_form
    assert not content.isVisibleTo(dock)
    settings.header.animateClick()  # as Qt does when its letter is pressed
    qtbot.waitUntil(lambda: content.isVisibleTo(dock))
    assert dock.focusWidget() is settings.header
    qtbot.keyClick(settings.header, Qt.Key.Key_Tab)
    assert content.isAncestorOf(dock.focusWidget())


@pytest.mark.parametrize("is_another_image", [False, True])
def test_tab_goes_from_section_to_section_as_they_are_drawn(
    user_without_window: User, dock, qtbot, is_another_image: bool
) -> None:
    if is_another_image:
        dock.image_panel.work_on(user_without_window.open_image(name="another"))
    qtbot.waitUntil(lambda: dock.workbench.y() > 0)
    sections = dock.findChildren(Section)
    drawn = sorted(sections, key=lambda one: one.mapTo(dock, QPoint(0, 0)).y())
    headers = [one.header for one in drawn]
    assert [one.text() for one in _by_tab(headers)] == [one.text() for one in headers]
    assert len(headers) == 11


def _by_tab(widgets: list[QWidget]) -> list[QWidget]:
    """Return widgets as Tab reaches them, from the first of them all around."""
    found, one = widgets[:1], widgets[0].nextInFocusChain()
    while one is not widgets[0]:
        found += [one] if one in widgets else []
        one = one.nextInFocusChain()
    return found


def test_every_control_takes_the_focus_and_says_what_it_does(dock) -> None:
    for kind in _CONTROLS:
        for one in dock.findChildren(kind):
            is_part = isinstance(one.parent(), QAbstractSpinBox | QComboBox)
            if is_part or one.objectName().startswith("qt_"):
                continue
            what = one.text() if hasattr(one, "text") else str(one)
            assert one.focusPolicy() & Qt.FocusPolicy.TabFocus, what
            assert one.toolTip(), what


@pytest.fixture
def clicked(user_without_window: User, dock) -> User:
    """Return somebody whose runs wait for a test, after a click."""
    user = user_without_window
    user.click(3, 20, 30)
    user.wait_mask(1, 3)
    user.wait_idle()
    user.factory.tracker.gate = threading.Semaphore(0)
    return user


def press(user: User, button: QWidget, key: Qt.Key = Qt.Key.Key_Space) -> None:
    button.setFocus()
    user.qtbot.keyClick(button, key)


def test_the_key_that_began_a_run_stops_it(clicked: User) -> None:
    track, dock = clicked.dock.workbench.track, clicked.dock
    press(clicked, track.run_button)
    clicked.factory.tracker.gate.release(2)
    clicked.wait(lambda: clicked.document.frames_covered(1) >= 2)
    assert dock.focusWidget() is track.stop_button
    press(clicked, track.stop_button)
    clicked.wait_idle()
    assert dock.focusWidget() is track.resume_button
    clicked.factory.tracker.gate.release(99)
    press(clicked, track.resume_button)
    clicked.wait_idle()
    assert clicked.document.frames_covered(1) == 10
    assert dock.focusWidget() is track.run_button


def test_escape_stops_from_anywhere_in_the_dock(clicked: User) -> None:
    track = clicked.dock.workbench.track
    press(clicked, track.run_button)
    clicked.factory.tracker.gate.release(2)
    clicked.wait(lambda: clicked.document.frames_covered(1) >= 2)
    press(clicked, clicked.dock.workbench.objects.tree, Qt.Key.Key_Escape)
    clicked.wait_idle()
    assert clicked.dock.status_line.message.startswith("Stopped: ")


def test_the_focus_stays_where_one_is_while_something_is_computed(
    clicked: User,
) -> None:
    dock, name = clicked.dock, clicked.dock.workbench.results.form.path.native
    clicked.factory.tracker.gate.release(99)
    name.setFocus()
    dock.workbench.track.run()
    clicked.wait_idle()
    assert dock.focusWidget() is name


def test_saving_leaves_the_focus_on_save(clicked: User, tmp_path: Path) -> None:
    form = clicked.dock.workbench.results.form
    form.path.value = str(tmp_path / "labels.tif")
    press(clicked, form.save_button.native)
    clicked.wait((tmp_path / "labels.tif").exists)
    clicked.wait_idle()
    assert clicked.dock.focusWidget() is form.save_button.native


def test_return_in_the_name_of_a_file_saves_it(clicked: User, tmp_path: Path) -> None:
    name = clicked.dock.workbench.results.form.path.native
    name.setText(str(tmp_path / "labels.tif"))
    press(clicked, name, Qt.Key.Key_Return)
    clicked.wait((tmp_path / "labels.tif").exists)
    clicked.wait_idle()
    assert clicked.dock.focusWidget() is name


def test_return_saves_nothing_while_there_is_something_to_stop(
    clicked: User, tmp_path: Path
) -> None:
    track, name = clicked.dock.workbench.track, clicked.dock.workbench.results.form.path
    track.run()
    name.native.setText(str(tmp_path / "labels.tif"))
    press(clicked, name.native, Qt.Key.Key_Return)
    clicked.factory.tracker.gate.release(99)
    clicked.wait_idle()
    assert not [*tmp_path.iterdir()]


def test_what_goes_on_from_a_button_is_not_called_back(
    clicked: User, tmp_path: Path
) -> None:
    results, objects = clicked.dock.workbench.results, clicked.dock.workbench.objects
    results.form.path.value = str(tmp_path / "labels.tif")
    press(clicked, results.form.save_button.native)
    objects.tree.setFocus()
    clicked.wait((tmp_path / "labels.tif").exists)
    clicked.wait_idle()
    assert clicked.dock.focusWidget() is objects.tree


def test_a_letter_scrolls_to_its_part(clicked: User) -> None:
    dock = clicked.dock
    dock.resize(380, 400)
    parts = dock.findChildren(Section)
    (results,) = [one for one in parts if one.header.text() == "Res&ults"]
    dock.findChild(QScrollArea).verticalScrollBar().setValue(0)
    assert results.header.visibleRegion().isEmpty()
    results.header.animateClick()
    clicked.qtbot.waitUntil(lambda: not results.header.visibleRegion().isEmpty())


def test_tab_stops_at_nothing_that_only_scrolls(dock) -> None:
    for one in dock.findChildren(QScrollArea):
        assert one.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_undo_in_the_layer_of_masks_takes_back_what_the_button_does(
    user_without_window: User,
) -> None:
    bring_to(user_without_window, "idle")
    user = user_without_window
    user.factory.state = "running"
    user.dock.workbench.track.run()
    user.wait(lambda: user.status.activity is Activity.RUNNING)
    said = dict(user.document.prompts)
    masks = user.session.masks.layer
    masks.keymap[coerce_keybinding("Control-Z")](masks)
    assert "Track 1 object" in user.status.message
    assert dict(user.document.prompts) == said
    let_go(user)
    user.wait_idle()


def test_objects_are_merged_by_keys_and_nothing_else_is_pressed_then(
    working: User,
) -> None:
    panel, qtbot = working.dock.workbench.objects, working.qtbot
    for _ in range(3):
        panel.add()
    panel.tree.setFocus()
    qtbot.keyClick(panel.tree, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    while working.dock.focusWidget() is not panel.merge_button:
        qtbot.keyClick(working.dock.focusWidget(), Qt.Key.Key_Tab)
    for _ in range(2):
        qtbot.keyClick(working.dock.focusWidget(), Qt.Key.Key_Space)
    assert list(working.document.objects) == [1, 2]
    assert working.dock.focusWidget() is panel.tree
    assert not working.session.masks.hidden
