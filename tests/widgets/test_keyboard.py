"""Everything in the dock can be reached without a mouse."""

from __future__ import annotations

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QWidget,
)

from napari_sam2.widgets.controls.section import Section
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
