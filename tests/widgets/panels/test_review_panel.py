"""Review: to the worst frame, and accept, fix or absent from there."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import QPoint, Qt

from napari_sam2.core.masks.packed import PackedResult
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.state import edits
from tests.widgets.user import SHAPE, User

LOST_AT = 6


@pytest.fixture
def lost(working: User) -> User:
    """Return a user whose object jumps away and stays there."""
    working.click(3, 20, 30)
    working.wait_mask(1, 3)
    working.wait_idle()
    results = []
    for frame in range(SHAPE[0]):
        mask = np.zeros(SHAPE[1:], bool)
        mask[15:26, 25:36] = frame < LOST_AT
        mask[0:6, 0:6] = frame >= LOST_AT
        results.append(PackedResult(1, frame, pack_mask(mask), 0.9, 5.0, False))
    working.session.history.do(edits.set_results(working.document, results))
    return working


def press(user: User, words: str) -> None:
    from qtpy.QtWidgets import QPushButton

    review = user.dock.workbench.review
    (one,) = [b for b in review.findChildren(QPushButton) if b.text() == words]
    user.qtbot.mouseClick(one, Qt.MouseButton.LeftButton)


def test_a_lost_object_is_found_fixed_and_followed_again(lost: User) -> None:
    review = lost.dock.workbench.review
    press(lost, review.next_button.text())
    assert lost.session.position.frame == LOST_AT
    assert "jumps" in review.remark.label.text()
    lost.viewer.layers.selection.active = lost.session.image.layer
    press(lost, "Fix")
    points = lost.session.prompts.points
    assert lost.viewer.layers.selection.active == points
    assert points.mode == "add"
    lost.click(LOST_AT, 20, 30)
    lost.wait(lambda: lost.mask(1, LOST_AT).answers is not None)
    lost.wait_idle()
    before = lost.mask(1, 2)
    press(lost, "Follow from here")
    lost.wait(lambda: lost.mask(1, SHAPE[0] - 1).mask.covers((20, 30)))
    lost.wait_idle()
    assert lost.mask(1, 2) is before, "what lies before is not computed again"
    press(lost, review.next_button.text())
    assert "No mask is doubtful" in review.remark.label.text()


def test_no_button_moves_when_a_doubt_is_explained(lost: User) -> None:
    from qtpy.QtCore import QPoint
    from qtpy.QtWidgets import QPushButton

    review = lost.dock.workbench.review
    buttons = [one for one in review.findChildren(QPushButton) if one.isVisible()]
    before = [one.mapTo(review, QPoint()) for one in buttons]
    assert len(buttons) >= 8
    press(lost, review.next_button.text())
    lost.qtbot.wait(50)  # for Qt to lay it out
    assert review.remark.label.height() > 0
    assert [one.mapTo(review, QPoint()) for one in buttons] == before


def test_an_object_is_followed_again_to_the_end_of_the_range(lost: User) -> None:
    track = lost.dock.workbench.track
    lost.session.position.go_to(SHAPE[0] - 2)
    track.end_here()
    lost.click(LOST_AT, 20, 30)
    lost.wait(lambda: lost.mask(1, LOST_AT).answers is not None)
    lost.wait_idle()
    before = lost.mask(1, SHAPE[0] - 1)
    press(lost, "Follow from here")
    lost.wait(lambda: lost.mask(1, SHAPE[0] - 2).mask.covers((20, 30)))
    lost.wait_idle()
    assert lost.mask(1, SHAPE[0] - 1) is before


def test_accepting_a_jump_clears_what_follows(lost: User) -> None:
    review = lost.dock.workbench.review
    review.next_doubtful()
    timeline = review.timeline
    lost.wait(lambda: review.reviewer.is_up_to_date)
    assert "carried on from frame 6" in timeline.describe(1, 8)
    press(lost, "Accept")
    assert "No mask is doubtful" in review.remark.label.text()
    assert "accepted" in timeline.describe(1, LOST_AT)


def test_absent_goes_on_to_the_next(lost: User) -> None:
    review = lost.dock.workbench.review
    review.next_doubtful()
    press(lost, "Absent")
    assert lost.mask(1, LOST_AT).mask.is_absent
    assert lost.session.position.frame == LOST_AT + 1, "it reappears there"


def test_j_steps_on_to_the_next_and_around(lost: User) -> None:
    review = lost.dock.workbench.review
    seen = []
    for _ in range(SHAPE[0] - LOST_AT + 1):
        review.next_doubtful()
        seen.append(lost.session.position.frame)
    assert seen == [*range(LOST_AT, SHAPE[0]), LOST_AT]


def test_accepting_goes_on_from_there(lost: User) -> None:
    review = lost.dock.workbench.review
    for _ in range(3):
        review.next_doubtful()
    assert lost.session.position.frame == LOST_AT + 2
    press(lost, "Accept")
    assert lost.mask(1, LOST_AT + 2).is_reviewed
    assert lost.session.position.frame == LOST_AT, "what it passed on is gone"


def test_what_is_refused_stays_on_display(lost: User) -> None:
    review = lost.dock.workbench.review
    review.next_doubtful()
    press(lost, "Lock")
    before = lost.mask(1, LOST_AT)
    press(lost, "Absent")
    assert lost.mask(1, LOST_AT) is before
    assert "locked" in lost.status.message
    assert lost.session.position.frame == LOST_AT


def test_the_lock_tells_whether_the_mask_on_display_is_locked(lost: User) -> None:
    position = lost.session.position
    position.go_to(2)
    press(lost, "Lock")
    assert lost.mask(1, 2).is_locked
    position.go_to(4)
    press(lost, "Lock")
    position.go_to(2)
    press(lost, "Unlock")
    assert not lost.mask(1, 2).is_locked
    lost.session.history.undo()
    lock = lost.dock.workbench.review._lock
    assert lock.text() == "Unlock"
    lost.dock.workbench.objects.add()
    assert lock.text() == "Lock", "another object is chosen, which has no mask"


def test_legend_and_limits_unfold(lost: User) -> None:
    review = lost.dock.workbench.review
    assert not review._legend.isVisibleTo(review)
    press(lost, "Colours?")
    press(lost, "When doubtful?")
    assert review._legend.isVisibleTo(review)
    assert review._limits.isVisibleTo(review)


@pytest.mark.parametrize("how", ["slider", "strip", "object"])
def test_a_doubt_is_told_only_where_it_is(lost: User, how: str) -> None:
    review = lost.dock.workbench.review
    review.next_doubtful()
    assert "jumps" in review.remark.label.text()
    if how == "slider":
        lost.viewer.dims.set_current_step(0, 2)
    elif how == "strip":
        timeline = review.timeline
        spot = QPoint(timeline.width() - 2, timeline.height() // 2)
        lost.qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=spot)
    else:
        lost.dock.workbench.objects.add()
    assert review.remark.label.text() == ""


def test_an_empty_strip_shows_words_and_no_frame(working: User) -> None:
    timeline = working.dock.workbench.review.timeline
    timeline.show_frame(0)
    before = timeline.grab().toImage()
    timeline.show_frame(5)
    assert timeline.grab().toImage() == before
    working.dock.workbench.objects.add()
    timeline.show_frame(0)
    before = timeline.grab().toImage()
    timeline.show_frame(5)
    assert timeline.grab().toImage() != before


def test_the_row_of_the_chosen_object_is_scrolled_into_view(
    user_without_window: User,
) -> None:
    user = user_without_window
    user.open_image()
    user.open_dock()
    for _ in range(30):
        user.dock.workbench.objects.add()
    review = user.dock.workbench.review
    timeline, view = review.timeline, review._area.viewport()
    user.wait(lambda: view.height() > 100)
    for object_id in (30, 1, 17):
        user.document.select(object_id)
        middle = timeline.middle_of(object_id)
        assert timeline.place_at(20, middle)[0] == object_id
        row = QPoint(0, middle)
        user.wait(lambda row=row: view.rect().contains(timeline.mapTo(view, row)))


def test_nothing_is_said_in_no_space(lost: User) -> None:
    review = lost.dock.workbench.review
    assert not review.remark.label.isVisibleTo(review)
    review.next_doubtful()
    assert review.remark.label.isVisibleTo(review)
