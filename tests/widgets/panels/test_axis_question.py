"""Another axis is chosen while there are prompts: asked, then kept or dropped."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import Qt

from napari_sam2.core.prompts import FramePrompts
from napari_sam2.layers.turning import turned_points
from napari_sam2.state import edits
from tests.widgets.user import SHAPE, User


@pytest.fixture
def prompted(user_without_window: User) -> User:
    """Return a user who clicked an object and drew a box, along time."""
    user = user_without_window
    user.open_image(name="cells", axis_labels="tyx")
    user.open_dock()
    user.click(1, 20, 30)
    user.wait_mask(1, 1)
    user.session.position.go_to(3)
    corners = [[3, 5, 5], [3, 5, 15], [3, 15, 15], [3, 15, 5]]
    user.session.prompts.boxes.add_rectangles(np.array(corners, float))
    user.wait_mask(1, 3)
    return user


def choose_axis(user: User, words: str) -> None:
    axes = user.dock.image_panel.axes
    axes.setCurrentIndex(axes.findText(words))


def press(user: User, button) -> None:
    user.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_it_is_asked_first_and_nothing_happens_meanwhile(prompted: User) -> None:
    question, session = prompted.dock.axis_question, prompted.session
    assert not question.isVisible()
    choose_axis(prompted, "x (60)")
    assert question.isVisible()
    assert prompted.session is session
    prompted.click(5, 20, 30)
    prompted.wait_mask(1, 5)
    press(prompted, question.stay_button)
    assert not question.isVisible()
    assert prompted.session is session
    assert prompted.dock.image_panel.axes.currentText() == "time (10)"


def test_no_points_are_promised_where_there_are_none(prompted: User) -> None:
    words = prompted.dock.axis_question._words
    choose_axis(prompted, "x (60)")
    assert "Points can be taken along" in words.text()
    press(prompted, prompted.dock.axis_question.stay_button)
    prompted.session.prompts.forget(prompted.session.prompts.points)
    choose_axis(prompted, "x (60)")
    assert "no points" in words.text()


def test_kept_points_lie_where_they_lay_in_the_image(prompted: User) -> None:
    first = prompted.session
    choose_axis(prompted, "x (60)")
    press(prompted, prompted.dock.axis_question.keep_button)
    session = prompted.session
    assert session is not first
    assert session.document.frame_count == SHAPE[2]
    assert dict(session.document.prompts) == {
        (1, 30): FramePrompts(points_yx=((1, 20),), positive=(True,))
    }
    np.testing.assert_array_equal(session.prompts.points.data, [(1, 20, 30)])
    prompted.wait_mask(1, 30)
    assert not first.prompts.points.visible
    assert prompted.viewer.dims.order == (2, 0, 1)  # frames are seen
    session.history.undo()
    assert session.is_empty


def test_what_was_kept_is_there_again_when_one_goes_back(prompted: User) -> None:
    first = prompted.session
    said = dict(first.document.prompts)
    choose_axis(prompted, "x (60)")
    press(prompted, prompted.dock.axis_question.keep_button)
    prompted.wait_mask(1, 30)
    choose_axis(prompted, "time (10)")
    assert not prompted.dock.axis_question.isVisible()  # nothing can be lost any more
    assert prompted.session is first
    assert dict(prompted.document.prompts) == said
    assert prompted.mask(1, 3) is not None
    assert first.prompts.points.visible


def test_dropped_prompts_are_gone_and_their_masks_are_left_to_the_user(
    prompted: User,
) -> None:
    first = prompted.session
    choose_axis(prompted, "x (60)")
    press(prompted, prompted.dock.axis_question.drop_button)
    assert prompted.session.is_empty
    prompted.wait(lambda: first.prompts.points not in prompted.viewer.layers)
    assert first.masks.layer in prompted.viewer.layers
    prompted.session.prompts.points.add((1, 20, 30))
    prompted.wait_mask(1, 30)
    choose_axis(prompted, "time (10)")
    press(prompted, prompted.dock.axis_question.drop_button)
    assert prompted.session.is_empty


def test_the_question_goes_with_its_reason(prompted: User) -> None:
    question = prompted.dock.axis_question
    choose_axis(prompted, "x (60)")
    choose_axis(prompted, "time (10)")
    assert not question.is_open
    choose_axis(prompted, "y (40)")
    prompted.viewer.layers.remove("cells")
    assert not question.is_open
    assert not question.isVisible()


def test_withdrawing_everything_meanwhile_is_no_reason_to_stumble(
    prompted: User,
) -> None:
    choose_axis(prompted, "x (60)")
    while prompted.session.history.undo_label:
        prompted.session.history.undo()
    press(prompted, prompted.dock.axis_question.drop_button)
    assert prompted.document.frame_count == SHAPE[2]


def test_without_prompts_nothing_is_asked(user_without_window: User) -> None:
    user = user_without_window
    user.open_image(name="cells")
    user.open_dock()
    choose_axis(user, "y (40)")
    assert not user.dock.axis_question.isVisible()
    assert user.document.frame_count == SHAPE[1]


def test_points_at_all_positions_come_along(user_without_window: User) -> None:
    user = user_without_window
    user.open_image((6, 5, 40, 60), axis_labels="tzyx")
    user.viewer.dims.set_current_step(1, 2)
    user.open_dock()
    first = user.session
    first.prompts.points.add((4, 2, 20, 30))
    first.prompts.points.add((1, 3, 10, 15))
    said = dict(user.document.prompts)
    assert set(said) == {(1, 2 * 6 + 4), (1, 3 * 6 + 1)}
    choose_axis(user, "z (5)")
    press(user, user.dock.axis_question.keep_button)
    assert dict(user.document.prompts) == {
        (1, 4 * 5 + 2): FramePrompts(points_yx=((20, 30),), positive=(True,)),
        (1, 1 * 5 + 3): FramePrompts(points_yx=((10, 15),), positive=(True,)),
    }
    choose_axis(user, "time (6)")
    assert user.session is first
    assert dict(user.document.prompts) == said


def test_points_beside_the_plane_and_points_that_exclude_stay_behind(
    prompted: User,
) -> None:
    space = prompted.session.image.space
    said = {(1, 2): FramePrompts(points_yx=((3, 4), (5, 6)), positive=(True, False))}
    assert [one.point_yx for one in turned_points(said, space, space)] == [(3, 4)]


def test_objects_that_nothing_is_said_about_come_along_unasked(
    user_without_window: User,
) -> None:
    user = user_without_window
    user.open_image(name="cells", axis_labels="tyx")
    user.open_dock()
    first = user.session
    user.dock.workbench.objects.add()
    user.session.do(lambda: edits.rename_object(user.document, 1, "mother"))
    choose_axis(user, "x (60)")
    assert not user.dock.axis_question.isVisible()
    assert user.session is not first
    assert [one.name for one in user.document.objects.values()] == ["mother"]
    choose_axis(user, "time (10)")
    assert user.session is first
