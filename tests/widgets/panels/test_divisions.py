"""A cell divides: marked with a button or a key, and seen in the list of objects."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.core.masks.packed import PackedResult
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.state import edits
from napari_sam2.widgets.sessions.exporting import take_results
from tests.widgets.panels.test_objects_panel import listed
from tests.widgets.panels.test_review_panel import press
from tests.widgets.user import SHAPE, User

DIVIDES_AT = 6


@pytest.fixture
def dividing(working: User) -> User:
    """Return a user whose object is in two pieces from a frame on."""
    working.click(3, 20, 30)
    working.wait_mask(1, 3)
    working.wait_idle()
    results = []
    for frame in range(SHAPE[0]):
        mask = np.zeros(SHAPE[1:], bool)
        mask[15:26, 20:41] = True
        mask[:, 29:32] &= frame < DIVIDES_AT
        results.append(PackedResult(1, frame, pack_mask(mask), 0.9, 5.0, False))
    working.session.history.do(edits.set_results(working.document, results))
    return working


def test_next_doubtful_stops_where_a_cell_divides_and_a_button_says_so(
    dividing: User,
) -> None:
    review = dividing.dock.workbench.review
    press(dividing, review.next_button.text())
    assert dividing.session.position.frame == DIVIDES_AT
    assert "has it divided?" in review.remark.label.text()
    press(dividing, "Divided")
    assert [row[:2] for row in listed(dividing)] == [
        ("Object 1", "1"), ("Object 2", "2 ← 1"), ("Object 3", "3 ← 1"),
    ]  # fmt: skip
    assert dividing.document.selected == 2
    assert set(np.unique(dividing.shown(DIVIDES_AT))) == {0, 2, 3}
    assert set(np.unique(dividing.shown(DIVIDES_AT + 1))) == {0}
    dividing.wait_idle()
    dividing.dock.workbench.track.run()
    last = SHAPE[0] - 1
    dividing.wait(lambda: set(np.unique(dividing.shown(last))) == {0, 2, 3})
    dividing.wait_idle()
    assert set(np.unique(dividing.shown(DIVIDES_AT - 1))) == {0, 1}
    assert take_results(dividing.document).parents == {2: 1, 3: 1}


def test_one_undo_takes_a_division_back(dividing: User) -> None:
    before = listed(dividing)
    dividing.session.position.go_to(DIVIDES_AT)
    press(dividing, "Divided")
    dividing.session.controller.steps.undo()
    assert listed(dividing) == before
    assert set(np.unique(dividing.shown(DIVIDES_AT))) == {0, 1}


def test_nobody_is_followed_again_where_they_are_not(dividing: User) -> None:
    dividing.session.position.go_to(DIVIDES_AT)
    press(dividing, "Divided")
    dividing.wait_idle()
    dividing.document.select(1)
    press(dividing, "Follow from here")
    assert "Object 1 has divided on frame 6" in dividing.status.message
    dividing.session.position.go_to(DIVIDES_AT - 1)
    dividing.document.select(2)
    press(dividing, "Follow from here")
    assert "Object 2 begins on frame 6" in dividing.status.message


def test_an_object_in_one_piece_does_not_divide(dividing: User) -> None:
    dividing.session.position.go_to(DIVIDES_AT - 1)
    press(dividing, "Divided")
    assert len(listed(dividing)) == 1
    assert "is in one piece on frame 5: erase it between" in dividing.status.message


def test_daughters_of_a_deleted_mother_have_none(dividing: User) -> None:
    dividing.session.position.go_to(DIVIDES_AT)
    press(dividing, "Divided")
    dividing.document.select(1)
    dividing.dock.workbench.objects.delete()
    assert [row[1] for row in listed(dividing)] == ["2", "3"]
