"""The dock fits into the 300 pixels that a small window leaves it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari.qt import get_stylesheet
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QLabel, QPushButton, QScrollArea, QWidget

from napari_sam2.state import edits
from napari_sam2.widgets.controls.section import Section
from napari_sam2.widgets.timeline.strip_painter import Legend
from tests.widgets.user import User
from tests.widgets.volumes import SHAPE

WIDTH = 300
MARGIN = 4
SCROLL_BAR = 13  # napari's
INSIDE = WIDTH - MARGIN - SCROLL_BAR

LONG = "a long name of an image that nobody would want to type " * 3
PICTURES = {
    "stack": {"data": np.zeros((10, 40, 60), np.uint8)},
    "colours": {"data": np.zeros((10, 40, 60, 3), np.uint8)},
    "volumes": {"data": np.zeros(SHAPE, np.uint8), "axis_labels": tuple("tzyx")},
    "channels": {"data": np.zeros((3, 4, 40, 48), np.uint8)},
    "pyramid": {"data": [np.zeros((9, s, s), np.uint8) for s in (64, 32)]},
}


@pytest.fixture(params=PICTURES)
def crowded(request, user_without_window: User) -> User:
    """Return somebody with long names and everything open, in a narrow dock."""
    user = user_without_window
    user.viewer.add_image(**PICTURES[request.param], name=LONG)
    dock = user.open_dock()
    dock.setStyleSheet(get_stylesheet("dark"))  # as in its window
    dock.resize(WIDTH, 900)
    user.session.do(lambda: edits.add_object(user.document, name=LONG))
    points = user.session.prompts.points
    points.add([0] * (points.ndim - 2) + [20, 30])
    user.wait_mask(1, 0)
    dock._project_section.add_to_title("x" * 24 + "…*")
    dock.help_panel.keys_switch.click()
    dock.workbench.review._what.click()
    dock.workbench.review._colours.click()
    for part in dock.findChildren(Section):
        part.header.setChecked(True)
    user.qtbot.wait(20)
    return user


def test_what_a_title_leaves_out_is_marked_and_can_be_read(crowded: User) -> None:
    section = crowded.dock._image_section
    section.header.setChecked(False)
    crowded.qtbot.wait(20)
    assert QLabel.text(section._summary).endswith("…")
    assert LONG.strip() in section._summary.toolTip()


def test_a_list_that_opens_has_room_for_its_words(crowded: User) -> None:
    box = crowded.dock.workbench.results.form.kind.native
    crowded.qtbot.mouseClick(box, Qt.MouseButton.LeftButton)
    crowded.qtbot.waitUntil(box.view().isVisible)
    words = box.fontMetrics().horizontalAdvance(box.itemText(0))
    assert box.view().viewport().width() > words > box.width()
    box.hidePopup()


def is_cut(widget: QWidget) -> bool:
    return widget.width() < widget.sizeHint().width()


def test_no_scroll_bar_is_needed_to_see_all_of_a_row(crowded: User) -> None:
    area = crowded.dock.findChild(QScrollArea)
    assert crowded.dock.minimumWidth() <= WIDTH
    assert area.widget().minimumSizeHint().width() <= INSIDE


def test_every_word_is_seen(crowded: User) -> None:
    assert crowded.dock.width() == WIDTH
    legend = crowded.dock.findChild(Legend)
    buttons, checks = map(crowded.dock.findChildren, (QPushButton, QCheckBox))
    words = [*buttons, *checks, *legend.findChildren(QLabel)]
    cut = [one.text() for one in words if one.isVisible() and is_cut(one)]
    assert not any(cut), cut
