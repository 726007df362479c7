"""One action follows objects at every position: with progress, Stop and Continue."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import tifffile
from napari.components import ViewerModel

from napari_sam2.cli.main import main
from napari_sam2.control import Activity
from napari_sam2.control.positions.unfinished import order_left
from napari_sam2.core.errors import FrameError
from napari_sam2.core.recipe import Followed
from napari_sam2.core.seed_mode import SeedMode
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from napari_sam2.project import read_project
from napari_sam2.state import Origin, edits
from napari_sam2.widgets.sessions.model_shelf import ModelShelf
from tests.control.fake_tracker import disc
from tests.widgets.user import PacedFactory, User
from tests.widgets.volumes import (
    DISC,
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


def start(user: User) -> None:
    user.dock.workbench.track.everywhere_button.click()


@pytest.fixture
def clicked(along_z: User) -> User:
    """Return somebody who clicked an object at one time, on one slice."""
    click(along_z, 1, 2)
    along_z.wait_mask(1, number(1, 2))
    along_z.wait_idle()
    return along_z


def test_it_is_offered_only_where_there_are_positions(working: User) -> None:
    track = working.dock.workbench.track
    assert not track.everywhere_button.isVisibleTo(track)


def test_objects_are_followed_everywhere_as_one_step_of_undo(clicked: User) -> None:
    track = clicked.dock.workbench.track
    assert track.everywhere_button.isVisibleTo(track)
    start(clicked)
    clicked.wait_idle()
    found = labels(clicked)
    for time in range(TIMES):
        for z in range(SLICES):
            np.testing.assert_array_equal(found[time, z] == 1, DISC)
    assert set(clicked.document.prompts) == {(1, number(1, 2))}
    origins = {f: one.origin for f, one in clicked.document.masks.of_object(1).items()}
    assert origins.pop(number(1, 2)) is Origin.PROMPTED
    assert set(origins.values()) == {Origin.TRACKED}
    assert "20 frames are done" in clicked.dock.status_line.message
    clicked.session.history.undo()
    assert set(clicked.document.masks.of_object(1)) == {number(1, 2)}


def test_what_is_prompted_elsewhere_starts_there(clicked: User) -> None:
    click(clicked, 3, 0, 10, 12)
    clicked.wait_mask(1, number(3, 0))
    start(clicked)
    clicked.wait_idle()
    found = labels(clicked)
    np.testing.assert_array_equal(found[3, 4] == 1, disc(SHAPE_HW, (10, 12)))
    np.testing.assert_array_equal(found[0, 4] == 1, DISC)


def test_it_says_where_it_is_and_stops_and_goes_on(clicked: User) -> None:
    factory, track = clicked.factory, clicked.dock.workbench.track
    gate = factory.gate = threading.Semaphore(0)
    clicked.dock.settings.device = "cpu"  # another tracker, which waits
    said: list[str] = []
    clicked.session.controller.status_changed.connect(
        lambda status: said.append(status.progress.label if status.progress else "")
    )
    start(clicked)
    gate.release(SLICES + 2)  # one time, and a part of the next one
    clicked.wait(lambda: clicked.document.frames_covered(1) == SLICES + 2)
    assert "Track 1 object at t = 1 of 4" in said
    assert clicked.status.activity is Activity.RUNNING
    track.stop_button.click()
    clicked.wait_idle()
    covered = clicked.document.frames_covered(1)
    assert SLICES < covered < TIMES * SLICES
    assert "Continue goes on" in clicked.dock.status_line.message
    asked = len(clicked.session.controller.recorder.steps)
    gate.release(1000)
    track.resume_button.click()
    clicked.wait_idle()
    assert clicked.document.frames_covered(1) == TIMES * SLICES
    followed = clicked.session.controller.recorder.steps[asked:]
    spans = [one.frames for one in followed if hasattr(one, "done")]
    assert (number(1, 0), number(2, 0)) not in spans  # that time was finished
    assert not track.resume_button.isEnabled()


def test_one_chooses_how_objects_come_to_other_positions(clicked: User) -> None:
    seeds = clicked.dock.workbench.track.seeds
    names = [seeds.itemText(n) for n in range(seeds.count())]
    assert names == list(get_args(SeedMode))
    seeds.setCurrentText("none")
    start(clicked)
    clicked.wait_idle()
    frames = set(clicked.document.masks.of_object(1))
    assert frames == {number(1, z) for z in range(SLICES)}
    seeds.setCurrentText("boxes")
    start(clicked)
    clicked.wait_idle()
    assert clicked.document.frames_covered(1) == TIMES * SLICES
    box = labels(clicked)[3, 0] == 1  # it grows by a margin from time to time
    assert box[15:26, 25:36].all()
    assert box.sum() > 11 * 11 > DISC.sum()
    assert clicked.dock.settings.seed == "boxes"


def follow_in_part(user: User, movie: Path, project: Path) -> None:
    """Follow an object at some times, at others not, and save that."""
    array, described, _ = image_layer(open_stack(movie))
    user.viewer.add_image(array, **described)
    user.open_dock()
    choose_axis(user, "z (4)")
    show(user, 0, 2)
    user.session.prompts.points.add((0, 2, 20, 30))
    user.wait_mask(1, 2)
    user.wait_idle()
    gate = user.factory.gate = threading.Semaphore(0)
    user.dock.settings.device = "cpu"  # another tracker, which waits
    start(user)
    gate.release(4 + 4 + 1)
    user.wait(lambda: user.document.frames_covered(1) == 4 + 4 + 1)
    user.dock.workbench.track.stop_button.click()
    gate.release(100)
    user.wait_idle()
    assert user.document.frames_covered(1) < 12
    user.dock.projects.save_as(project)
    user.wait(project.exists)
    user.dock.shut_down()


def test_a_run_that_was_stopped_goes_on_when_the_project_is_opened_again(
    user_without_window: User,
    movie: Path,
    tmp_path: Path,
) -> None:
    user, project = user_without_window, tmp_path / "half.sam2"
    follow_in_part(user, movie, project)
    before = read_project(project)
    asked = len(before.contents.steps)
    user.viewer, user.factory = ViewerModel(), PacedFactory()
    user.open_dock()
    user.dock.projects.open(project)
    user.wait(lambda: user.session is not None and not user.session.is_empty)
    user.wait_idle()
    track = user.dock.workbench.track
    assert track.resume_button.isEnabled()
    track.resume_button.click()
    user.wait_idle()
    assert user.document.frames_covered(1) == 12
    for place, mask in before.contents.masks.items():
        if place[1] < 8:
            assert user.document.masks[place] == mask
    steps = user.session.controller.recorder.steps[asked:]
    spans = [one.frames for one in steps if isinstance(one, Followed)]
    assert spans == [(8, 12)]  # and not what was finished
    assert not track.resume_button.isEnabled()


def test_a_run_at_one_position_is_no_unfinished_run_through_all(
    clicked: User, tmp_path: Path
) -> None:
    run(clicked)
    assert clicked.document.frames_covered(1) == SLICES
    steps = clicked.session.controller.recorder.steps
    assert order_left(clicked.document, steps, "follow") is None
    start(clicked)
    clicked.wait_idle()
    steps = clicked.session.controller.recorder.steps
    assert order_left(clicked.document, steps, "follow") is None  # it is finished


def test_a_frame_that_cannot_be_read_is_told_and_the_rest_is_found(
    clicked: User,
) -> None:
    clicked.factory.fail_at = {4: FrameError("Frame 4 could not be read.")}
    clicked.dock.settings.device = "cpu"
    start(clicked)
    clicked.wait_idle()
    assert clicked.document.frames_covered(1) == TIMES * 2  # up to there, everywhere
    problems = "".join(clicked.dock.status_line.problems.sentences)
    assert "Frame 4 could not be read" in problems
    assert "At t = 0 of 4" in problems


def test_a_correction_afterwards_is_carried_on_at_its_own_time(clicked: User) -> None:
    start(clicked)
    clicked.wait_idle()
    click(clicked, 3, 2, 10, 12)
    clicked.wait_mask(1, number(3, 2))
    clicked.wait_idle()
    run(clicked)
    found = labels(clicked)
    np.testing.assert_array_equal(found[3, 4] == 1, disc(SHAPE_HW, (10, 12)))
    np.testing.assert_array_equal(found[2, 4] == 1, DISC)


def test_a_painted_mask_stays_as_it_is(clicked: User) -> None:
    mask = np.zeros(SHAPE_HW, bool)
    mask[:5, :5] = True
    document, history = clicked.document, clicked.session.history
    history.do(edits.paint_mask(document, 1, number(0, 1), mask))
    clicked.wait_idle()
    start(clicked)
    clicked.wait_idle()
    np.testing.assert_array_equal(labels(clicked)[0, 1] == 1, mask)


def test_without_prompts_nothing_is_done(along_z: User) -> None:
    along_z.wait_idle()
    start(along_z)
    assert "nothing to follow yet" in along_z.dock.status_line.message


@pytest.mark.parametrize("along", ["z (4)", "time (3)"])
def test_the_command_line_finds_the_same_masks(
    user_without_window: User,
    movie: Path,
    tmp_path: Path,
    capsys,
    along: str,
) -> None:
    user, path = user_without_window, tmp_path / "work.sam2"
    user.factory = ModelShelf()
    array, described, _ = image_layer(open_stack(movie))
    user.viewer.add_image(array, **described)
    user.open_dock()
    user.dock.settings.device = "cpu"
    choose_axis(user, along)
    show(user, 0, 2)
    corners = [[0, 2, 8, 6], [0, 2, 8, 26], [0, 2, 28, 26], [0, 2, 28, 6]]
    user.session.prompts.boxes.add_rectangles(np.array(corners, float))
    user.wait_mask(1, user.session.position.frame)
    user.wait_idle()
    start(user)
    user.wait(lambda: user.document.frames_covered(1) == 12)
    user.wait_idle()
    before = labels(user)
    ball = np.asarray(user.session.image.layer.data) == 200
    assert (before[ball] == 1).mean() > 0.8
    assert (before[~ball] == 1).mean() < 0.05
    user.dock.projects.save_as(path)
    user.wait(path.exists)
    user.dock.shut_down()
    assert main(["track", "--project", str(path), "-o", str(tmp_path / "out.tif")]) == 0
    assert "All 12 masks of the model are as in the project" in capsys.readouterr().out
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), before)
