"""What was found in a time-lapse of volumes is saved with where it is."""

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
from napari_sam2.core.frames.layout import FrameLayout
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.io.reading.stack_frames import stack_frames
from napari_sam2.layers.hooks import image_layer
from napari_sam2.project import (
    project_header,
    read_project,
    refer_to_image,
    stack_geometry,
    write_project,
)
from napari_sam2.project.values import Contents
from napari_sam2.state import Settings, TrackedObject
from napari_sam2.widgets.sessions.model_shelf import ModelShelf
from tests.widgets.user import PacedFactory, User
from tests.widgets.volumes import (
    SHAPE,
    SLICES,
    choose_axis,
    click,
    labels,
    number,
    run,
)


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


def test_files_of_an_unnamed_stack_lie_as_the_image(
    user_without_window: User, tmp_path: Path
) -> None:
    user, path = user_without_window, tmp_path / "labels.tif"
    user.open_image(SHAPE)
    user.open_dock()
    click(user, 0, 2)
    user.wait_mask(1, 2 * SHAPE[0])
    run(user)
    user.dock.workbench.results.save(path, "labels-tiff")
    user.wait(path.exists)
    user.wait_idle()
    assert labels(user).any((2, 3))[:, 2].all()
    np.testing.assert_array_equal(tifffile.imread(path), labels(user))


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
