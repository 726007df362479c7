"""A time-lapse of volumes: wherever the sliders are, that is where one works."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import tifffile
from napari.components import ViewerModel

from napari_sam2.cli.main import main
from napari_sam2.core.axes import FrameLayout
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.layers.hooks import image_layer
from napari_sam2.layers.label_source import label_source
from napari_sam2.project import (
    project_header,
    read_project,
    refer_to_image,
    stack_geometry,
    write_project,
)
from napari_sam2.project.values import Contents
from napari_sam2.state import Origin, Settings, TrackedObject
from napari_sam2.widgets.sessions.model_shelf import ModelShelf
from tests.control.fake_tracker import disc
from tests.layers.mouse import drag
from tests.widgets.user import PacedFactory, User

TIMES, SLICES, SHAPE_HW = 4, 5, (40, 60)
SHAPE = TIMES, SLICES, *SHAPE_HW
DISC = disc(SHAPE_HW, (20, 30))


def number(time: int, z: int) -> int:
    """Return the number of a slice, when objects are followed along z."""
    return time * SLICES + z


def show(user: User, time: int, z: int) -> None:
    user.viewer.dims.set_current_step(0, time)
    user.viewer.dims.set_current_step(1, z)


def click(user: User, time: int, z: int, y: float = 20, x: float = 30) -> None:
    show(user, time, z)
    user.session.prompts.points.add((time, z, y, x))


@pytest.fixture
def along_z(user_without_window: User) -> User:
    """Return somebody who follows objects along z."""
    user = user_without_window
    user.open_image(SHAPE, axis_labels="tzyx", name="embryo")
    user.open_dock()
    choose_axis(user, f"z ({SLICES})")
    return user


def choose_axis(user: User, words: str) -> None:
    axes = user.dock.image_panel.axes
    axes.setCurrentIndex(axes.findText(words))


def run(user: User) -> None:
    user.dock.workbench.track.run_button.click()
    user.wait_idle()


def labels(user: User) -> np.ndarray:
    user.session.masks.apply()
    return np.asarray(user.session.masks.layer.data)


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
    assert "at T = 1: The model expects" in review._reason.text()


def test_the_table_and_files_say_at_which_time(along_z: User, tmp_path: Path) -> None:
    for time in (1, 3):
        click(along_z, time, 2)
        along_z.wait_mask(1, number(time, 2))
        run(along_z)
    results = along_z.dock.workbench.results
    results.save(tmp_path / "labels.tif", "labels-tiff")
    along_z.wait((tmp_path / "labels.tif").exists)
    along_z.wait_idle()
    np.testing.assert_array_equal(
        tifffile.imread(tmp_path / "labels.tif"), labels(along_z)
    )
    results.save(tmp_path / "objects.csv", "csv")
    along_z.wait((tmp_path / "objects.csv").exists)
    along_z.wait_idle()
    with (tmp_path / "objects.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["t"], row["frame"]) for row in rows} == {
        (str(t), str(z)) for t in (1, 3) for z in range(SLICES)
    }
    results.save(tmp_path / "masks", "labels-png")
    along_z.wait(lambda: "one position" in along_z.dock.status_line.message)
    shown: list = []
    results.table_ready.disconnect()  # there is no window to show it in
    results.table_ready.connect(shown.append)
    results.show_table()
    along_z.wait_idle()
    assert shown
    model = results._table.view.model()
    assert model.place(model.rowCount() - 1) == (1, number(3, SLICES - 1))


def test_tracks_lie_at_their_own_time(along_z: User) -> None:
    for time in (1, 3):
        click(along_z, time, 2)
        along_z.wait_mask(1, number(time, 2))
        run(along_z)
    along_z.session.add_tracks()
    tracks = along_z.viewer.layers[-1]
    by_track = {int(i): tracks.data[tracks.data[:, 0] == i] for i in (1, 2)}
    assert {time for row in by_track.values() for time in row[:, 1]} == {1, 3}
    assert all(len(set(row[:, 1])) == 1 for row in by_track.values())


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """Write a time-lapse of small volumes with a bright ball that moves."""
    t, z, y, x = np.mgrid[:3, :4, :40, :48]
    ball = (y - 18) ** 2 + (x - 16 - 4 * t) ** 2 + 9 * (z - 2) ** 2 < 100
    pixels = np.where(ball, 200, 40).astype(np.uint8)
    path = tmp_path / "embryo.tif"
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "TZYX"})
    return path


@pytest.mark.parametrize("along", ["z (4)", "time (3)"])
def test_a_project_brings_all_back_and_the_command_line_finds_the_same_masks(
    user_without_window: User, movie: Path, tmp_path: Path, capsys, along: str
) -> None:
    user, path = user_without_window, tmp_path / "work.sam2"
    user.factory = ModelShelf()
    array, described, _ = image_layer(open_stack(movie))
    user.viewer.add_image(array, **described)
    user.open_dock()
    user.dock.settings.device = "cpu"
    choose_axis(user, along)
    for time, z in ((0, 2), (2, 1)):
        click(user, time, z, 18, 16 + 4 * time)
        frame = user.session.position.frame
        user.wait_mask(1, frame)
        user.wait_idle()
        run(user)
    user.dock.projects.save_as(path)
    user.wait(path.exists)
    before = labels(user)
    assert before.any((2, 3)).sum() >= 4
    user.dock.shut_down()
    assert read_project(path).stack.frame_count == 12
    assert main(["track", "--project", str(path), "-o", str(tmp_path / "out.tif")]) == 0
    assert "as in the project, to the pixel" in capsys.readouterr().out
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), before)
    words = ["export", str(path), "-o", str(tmp_path / "again.csv")]
    assert main(words) == 0, capsys.readouterr().err

    user.viewer, user.factory = ViewerModel(), PacedFactory()
    user.open_dock()
    user.dock.projects.open(path)
    user.wait(lambda: user.session is not None and not user.session.is_empty)
    np.testing.assert_array_equal(labels(user), before)
    assert user.dock.image_panel.axes.currentText() == along


def test_a_project_of_a_single_plane_stays_there(
    user_without_window: User, movie: Path, tmp_path: Path
) -> None:
    """Older versions held the other axes at one index."""
    stack = open_stack(movie)
    geometry = stack_geometry(stack.axes, FrameLayout(0, (2, 3), None, ((1, 2),)))
    objects = {1: TrackedObject(1, "ball")}
    said = {(1, 1): FramePrompts(points_yx=((18.0, 20.0),), positive=(True,))}
    frames = stack_frames(stack, "t", at={"z": 2})
    image = refer_to_image("embryo", movie, frames=frames)
    header = project_header(Settings(), image=image, stack=geometry)
    project = replace(header, contents=Contents(objects, said))
    write_project(tmp_path / "old.sam2", project)
    user = user_without_window
    user.open_dock()
    user.dock.projects.open(tmp_path / "old.sam2")
    user.wait(lambda: user.session is not None and not user.session.is_empty)
    session, panel = user.session, user.dock.image_panel
    assert session.document.frame_count == 3
    assert panel._note.text().endswith("at Z = 2")
    panel.follow_contrast.click()
    assert user.session is session
    session.prompts.points.add((1, 3, 20, 30))
    assert "Z = 2" in user.dock.status_line.message
    assert dict(user.document.prompts) == said
    choose_axis(user, "z (4)")
    user.dock.axis_question.keep_button.click()
    assert set(user.document.prompts) == {(1, 1 * 4 + 2)}


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
