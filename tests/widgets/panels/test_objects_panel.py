"""The list of objects follows the document, row by row."""

from __future__ import annotations

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import QSize, Qt

from tests.widgets.user import User

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def listing(working: User) -> User:
    """Return a user with three objects, the first of them found on a frame."""
    for _ in range(3):
        press(working, working.dock.workbench.objects.new_button)
    working.document.select(1)
    working.click(2, 20, 30)
    working.wait_mask(1, 2)
    working.wait_idle()
    working.wait(lambda: listed(working)[0][3] == "1")  # counts come at a beat
    return working


def press(user: User, button) -> None:
    user.qtbot.mouseClick(button, LEFT)


def listed(user: User) -> list[tuple[str, ...]]:
    """Return what the list shows: name, id, prompts and frames of every object."""
    tree = user.dock.workbench.objects.tree
    rows = [tree.topLevelItem(n) for n in range(tree.topLevelItemCount())]
    return [tuple(row.text(column) for column in range(4)) for row in rows]


def test_deleted_objects_come_back_to_their_places(listing: User) -> None:
    objects = listing.dock.workbench.objects
    before = listed(listing)
    assert [row[1:] for row in before] == [
        ("1", "1", "1"), ("2", "0", "0"), ("3", "0", "0"),
    ]  # fmt: skip
    objects.tree.selectAll()
    objects.tree.topLevelItem(2).setSelected(False)
    press(listing, objects.delete_button)
    assert listed(listing) == before[2:]
    listing.session.controller.steps.undo()
    assert listed(listing) == before


def test_rows_that_stay_stay_chosen_when_another_is_named(listing: User) -> None:
    objects = listing.dock.workbench.objects
    objects.tree.selectAll()
    objects.tree.topLevelItem(1).setText(0, "mother")
    assert listing.document.objects[2].name == "mother"
    assert objects.chosen == (1, 2, 3)
    objects.tree.topLevelItem(1).setText(0, "")  # which is refused
    assert listed(listing)[1][0] == "mother"


def test_what_is_locked_on_the_displayed_frame_is_hatched(listing: User) -> None:
    row = listing.dock.workbench.objects.tree.topLevelItem(0)

    def patch():
        return row.icon(0).pixmap(QSize(12, 12)).toImage()

    plain = patch()
    press(listing, listing.dock.workbench.review._lock)
    listing.wait(lambda: "locked here" in row.toolTip(0))
    assert patch() != plain
    listing.session.position.go_to(3)
    listing.wait(lambda: "locked here" not in row.toolTip(0))
    assert patch() == plain
    listing.session.position.go_to(2)
    listing.wait(lambda: patch() != plain)
    listing.session.controller.steps.undo()
    listing.wait(lambda: patch() == plain)
