"""The list of objects is as high as it is long."""

from __future__ import annotations

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari.qt import get_stylesheet

from tests.widgets.user import User


@pytest.fixture
def listing(working: User) -> User:
    """Return a user with four objects, in a dock that looks as in its window."""
    working.dock.setStyleSheet(look())
    working.click(1, 20, 30)
    for _ in range(3):
        working.dock.workbench.objects.add()
    working.qtbot.waitUntil(lambda: fits(working, 4))
    return working


def look(points: int = 9) -> str:
    return f"{get_stylesheet('dark')} QTreeWidget {{ font-size: {points}pt; }}"


def fits(user: User, rows: int) -> bool:
    """Whether there is room for all rows, and for no more."""
    tree = user.dock.workbench.objects.tree
    last = tree.visualItemRect(tree.topLevelItem(rows - 1))
    left = tree.viewport().height() - last.bottom()
    return not tree.verticalScrollBar().maximum() and 0 < left < last.height()


def test_all_rows_are_seen_of_an_image_that_is_shown_again(listing: User) -> None:
    listing.open_image((5, 30, 30), name="second")
    images = listing.dock.image_panel.images
    for name in ("second", "cells"):
        images.setCurrentIndex(images.findText(name))
    listing.qtbot.waitUntil(lambda: fits(listing, 4))


def test_all_rows_are_seen_in_larger_letters(listing: User) -> None:
    for points in (20, 9):
        listing.dock.setStyleSheet(look(points))
        listing.qtbot.waitUntil(lambda: fits(listing, 4))


def test_a_name_that_does_not_fit_can_be_read_all_the_same(listing: User) -> None:
    tree = listing.dock.workbench.objects.tree
    name = "Left hippocampus, anterior part, as the third annotator saw it"
    tree.topLevelItem(1).setText(0, name)
    assert tree.topLevelItem(1).toolTip(0) == name
