"""A time-lapse of volumes: wherever the sliders are, that is where one works."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.layers.label_source import label_source
from napari_sam2.state import Origin
from tests.control.fake_tracker import disc
from tests.layers.mouse import drag
from tests.widgets.user import User
from tests.widgets.volumes import (
    DISC,
    SHAPE,
    SHAPE_HW,
    SLICES,
    TIMES,
    choose_axis,
    click,
    labels,
    number,
    run,
    show,
)


def test_all_positions_are_in_one_session_with_layers_of_the_full_shape(
    along_z: User,
) -> None:
    session = along_z.session
    assert session.document.frame_count == TIMES * SLICES
    assert session.masks.layer.data.shape == SHAPE
    note = along_z.dock.image_panel._note.text()
    assert note == f"{SLICES} frames of 40 × 60 pixels, at each position along time (4)"
    click(along_z, 2, 3)
    along_z.wait_mask(1, number(2, 3))
    click(along_z, 0, 1, 10, 10)
    along_z.wait_mask(1, number(0, 1))
    assert along_z.session is session
    found = labels(along_z)
    np.testing.assert_array_equal(found[2, 3] == 1, DISC)
    np.testing.assert_array_equal(found[0, 1] == 1, disc(SHAPE_HW, (10, 10)))
    assert np.count_nonzero(found.any((2, 3))) == 2


def test_propagate_follows_at_the_time_that_is_displayed(along_z: User) -> None:
    for time in (1, 3):
        click(along_z, time, 2)
        along_z.wait_mask(1, number(time, 2))
    show(along_z, 1, 4)
    run(along_z)
    assert along_z.document.frames_covered(1) == SLICES + 1
    assert labels(along_z)[1].any((1, 2)).all()
    show(along_z, 3, 0)
    assert along_z.session.position.frame == number(3, 0)
    run(along_z)
    assert along_z.document.frames_covered(1) == 2 * SLICES
    show(along_z, 0, 0)
    run(along_z)
    assert "nothing to follow yet" in along_z.dock.status_line.message


def test_a_range_is_one_of_the_slices_at_any_time(along_z: User) -> None:
    click(along_z, 2, 2)
    along_z.wait_mask(1, number(2, 2))
    track = along_z.dock.workbench.track
    show(along_z, 2, 1)
    track.begin_here()
    show(along_z, 2, 3)
    track.end_here()
    assert along_z.dock.settings.frame_range == (1, 4)
    run(along_z)
    assert set(along_z.document.masks.of_object(1)) == {11, 12, 13}


def test_undo_takes_back_what_was_done_elsewhere_too(along_z: User) -> None:
    click(along_z, 2, 2)
    along_z.wait_mask(1, number(2, 2))
    run(along_z)
    click(along_z, 0, 0)
    along_z.wait_mask(1, number(0, 0))
    history = along_z.session.history
    history.undo()
    assert set(along_z.document.prompts) == {(1, number(2, 2))}
    assert not labels(along_z)[0].any()
    history.undo()  # the run
    along_z.wait_idle()
    assert set(along_z.document.masks.of_object(1)) == {number(2, 2)}
    history.redo()
    assert labels(along_z)[2].any((1, 2)).all()


def test_the_strip_shows_the_time_that_is_displayed(along_z: User) -> None:
    click(along_z, 2, 2)
    along_z.wait_mask(1, number(2, 2))
    run(along_z)
    timeline = along_z.dock.workbench.review.timeline
    timeline.resize(300, 40)
    show(along_z, 2, 0)
    assert timeline.place_at(20, 8) == (1, number(2, 0))
    assert timeline.place_at(299, 8) == (1, number(2, SLICES - 1))
    assert "frame 0 at T = 2: tracked" in timeline.describe(1, number(2, 0))
    show(along_z, 1, 3)
    assert timeline.place_at(299, 8) == (1, number(1, SLICES - 1))
    assert "nothing is known yet" in timeline.describe(1, number(1, 3))
    timeline.frame_chosen.emit(number(3, 4))
    assert along_z.viewer.dims.current_step[:2] == (3, 4)


def test_painting_and_boxes_are_where_the_sliders_are(along_z: User) -> None:
    show(along_z, 3, 1)
    corners = [[3, 1, 5, 5], [3, 1, 5, 15], [3, 1, 15, 15], [3, 1, 15, 5]]
    along_z.session.prompts.boxes.add_rectangles(np.array(corners, float))
    along_z.wait_mask(1, number(3, 1))
    layer = along_z.session.masks.layer
    show(along_z, 0, 4)
    layer.mode, layer.selected_label, layer.brush_size = "paint", 1, 5
    places = [layer.data_to_world((0, 4, 20, x)) for x in (30, 34)]
    drag(along_z.viewer, layer, places)
    painted = along_z.mask(1, number(0, 4))
    assert painted.origin is Origin.PAINTED
    assert painted.mask.mask[20, 30:35].all()
    assert set(along_z.document.masks.of_object(1)) == {number(0, 4), number(3, 1)}
    along_z.session.history.undo()
    assert set(along_z.document.masks.of_object(1)) == {number(3, 1)}


def test_a_place_beside_the_stack_is_refused(along_z: User) -> None:
    along_z.session.prompts.points.add((TIMES, 0, 20, 30))
    assert not along_z.document.prompts
    along_z.session.prompts.points.add((1, -1, 20, 30))
    assert not along_z.document.prompts


def test_doubtful_frames_are_found_at_all_times(along_z: User) -> None:
    click(along_z, 1, 2)
    along_z.wait_mask(1, number(1, 2))
    run(along_z)
    review = along_z.dock.workbench.review
    show(along_z, 3, 3)
    along_z.dock.settings.thresholds = along_z.dock.settings.thresholds.__class__(
        predicted_iou=0.95
    )
    review.next_doubtful()
    assert along_z.session.position.frame in range(number(1, 0), number(2, 0))
    assert "at T = 1: The model expects" in review.remark.label.text()


def test_stacks_of_five_axes_have_positions_along_two(
    user_without_window: User,
) -> None:
    user = user_without_window
    user.open_image((2, 3, 4, *SHAPE_HW), axis_labels="ptzyx")
    user.open_dock()
    choose_axis(user, "z (4)")
    user.viewer.dims.set_current_step(0, 1)
    user.session.prompts.points.add((1, 2, 3, 20, 30))
    frame = (1 * 3 + 2) * 4 + 3
    user.wait_mask(1, frame)
    user.session.position.go_to(frame)
    assert user.viewer.dims.current_step[:3] == (1, 2, 3)
    run(user)
    found = labels(user)
    assert found[1, 2].any((1, 2)).all()
    assert np.count_nonzero(found.any((3, 4))) == 4
    user.dock.workbench.track.everywhere_button.click()
    user.wait_idle()
    assert labels(user).any((3, 4)).all()


def test_labels_at_all_times_become_objects(along_z: User) -> None:
    array = np.zeros(SHAPE, np.uint16)
    array[1, 2, 5:15, 5:15] = 3
    array[3, 4, 20:30, 5:15] = 3
    along_z.viewer.add_labels(array, name="from elsewhere")
    source = label_source(
        along_z.viewer.layers["from elsewhere"], along_z.session.image.space
    )
    for frame in (number(1, 2), number(3, 4), number(0, 0)):
        time, z = divmod(frame, SLICES)
        np.testing.assert_array_equal(source.read(frame), array[time, z])
