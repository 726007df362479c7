"""Single-channel layers become the channels of one stack: ticked, kept, replayed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import tifffile
from napari.components import ViewerModel

from napari_sam2.cli.main import main
from napari_sam2.core.recipe import Made
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from napari_sam2.project import read_project
from napari_sam2.widgets.sessions.model_shelf import ModelShelf
from tests.conftest import discs
from tests.widgets.user import SHAPE, PacedFactory, User

COUNT, SIZE_HW = 3, (64, 80)


def add(user: User, name: str, value: int, shape=SHAPE, **options):
    data = np.full(shape, value, np.uint8)
    limits = 0, value + 1
    return user.viewer.add_image(data, name=name, contrast_limits=limits, **options)


def tick_of(user: User, name: str):
    (found,) = [t for t in user.dock.image_panel.channels.ticks if t.text() == name]
    return found


def seen(user: User, frame: int = 2) -> list[int]:
    """Return the first pixel of what the model is shown."""
    user.wait_idle()
    return user.factory.tracker.request.frames[frame][0, 0].tolist()


@pytest.fixture
def stained(user_without_window: User) -> User:
    """Return somebody who clicked an object in the first of several layers."""
    user = user_without_window
    for value, name in enumerate(("DAPI", "GFP", "RFP", "far red"), 1):
        add(user, name, value)
    add(user, "wider", 9, (10, 40, 61))
    add(user, "moved", 9, translate=(0, 3, 0))
    user.viewer.layers.selection.active = user.viewer.layers["DAPI"]
    user.open_dock()
    user.click(2, 20, 30)
    user.wait_mask(1, 2)
    return user


def test_ticked_layers_are_what_the_model_sees(stained: User) -> None:
    channels, session = stained.dock.image_panel.channels, stained.session
    assert channels.isVisibleTo(stained.dock.image_panel)
    assert channels.button.text() == "DAPI"
    assert not tick_of(stained, "DAPI").isEnabled()  # the image itself is always seen
    tick_of(stained, "RFP").click()
    assert channels.button.text() == "DAPI, RFP"
    assert seen(stained) == [1, 3, 0]
    tick_of(stained, "GFP").click()
    assert seen(stained) == [1, 2, 3]
    limits = stained.factory.tracker.request.limits
    assert (limits.low, limits.high) == ((0, 0, 0), (2, 3, 4))
    assert not tick_of(stained, "far red").isEnabled()  # a fourth cannot be seen
    assert stained.session is session
    assert set(stained.document.prompts) == {(1, 2)}
    tick_of(stained, "GFP").click()
    tick_of(stained, "RFP").click()
    stained.wait(lambda: stained.factory.tracker.request.frames[2].ndim == 2)


def test_layers_that_do_not_fit_say_why(stained: User) -> None:
    for name, reason in (("wider", "10 × 40 × 61"), ("moved", "lies elsewhere")):
        tick = tick_of(stained, name)
        assert not tick.isEnabled()
        assert reason in tick.toolTip()


def test_answers_follow_the_contrast_limits_of_all(stained: User) -> None:
    tick_of(stained, "GFP").click()
    stained.wait_idle()
    stained.viewer.layers["GFP"].contrast_limits = 0, 77
    stained.wait(lambda: stained.factory.tracker.request.limits.high == (2, 77, 1))


def test_a_layer_that_is_removed_is_seen_no_longer_and_says_so(stained: User) -> None:
    tick_of(stained, "GFP").click()
    tick_of(stained, "RFP").click()
    session = stained.session
    stained.viewer.layers.remove("GFP")
    assert seen(stained) == [1, 3, 0]
    problems = stained.dock.status_line.problems.sentences
    assert "GFP was removed from the viewer. It is not shown to the model" in problems
    assert "RFP was removed" not in problems
    assert stained.session is session
    assert stained.dock.image_panel.channels.button.text() == "DAPI, RFP"


@pytest.mark.parametrize("moved", ["GFP", "DAPI"])
def test_a_layer_that_is_moved_is_seen_no_longer_and_says_so(
    stained: User, moved: str
) -> None:
    tick_of(stained, "GFP").click()
    stained.wait_idle()
    session = stained.session
    layers = stained.viewer.layers
    layers[moved].translate = (0, 4, 0)
    stained.wait(lambda: not tick_of(stained, "GFP").isChecked())
    stained.wait(lambda: stained.factory.tracker.request.frames[2].ndim == 2)
    problems = "".join(stained.dock.status_line.problems.sentences)
    assert "GFP lies elsewhere in the viewer than DAPI" in problems
    assert "not shown to the model any more" in problems
    assert stained.session is session
    layers[moved].translate = (0, 0, 0)
    stained.wait(lambda: tick_of(stained, "GFP").isEnabled())
    tick_of(stained, "GFP").click()
    assert seen(stained) == [1, 2, 0]


def test_layers_that_are_moved_together_stay(stained: User) -> None:
    tick_of(stained, "GFP").click()
    moved = [stained.viewer.layers[name] for name in ("DAPI", "GFP")]
    for layer in moved:
        layer.scale = (1, 2, 2)
    stained.wait(lambda: not tick_of(stained, "RFP").isEnabled())
    assert tick_of(stained, "GFP").isChecked()
    assert not stained.dock.status_line.problems.sentences
    assert seen(stained) == [1, 2, 0]


def test_a_layer_that_comes_later_is_offered(stained: User) -> None:
    tick_of(stained, "GFP").click()
    add(stained, "Cy5", 5)
    tick_of(stained, "Cy5").click()
    assert seen(stained) == [1, 2, 5]


@pytest.fixture
def two_files(tmp_path: Path) -> tuple[Path, Path]:
    """Write two channels of one movie as files of their own."""
    movie, _ = discs(COUNT, SIZE_HW)
    paths = tmp_path / "green.tif", tmp_path / "red.tif"
    for path, pixels in zip(paths, (movie, 255 - movie), strict=True):
        tifffile.imwrite(path, pixels, photometric="minisblack")
    return paths


def open_files(user: User, *paths: Path) -> None:
    for path in paths:
        array, described, _ = image_layer(open_stack(path))
        user.viewer.add_image(array, **described)


def work(user: User, project: Path) -> None:
    """Follow a disc in the first file alone, then in both, and save."""
    user.viewer.layers.selection.active = user.viewer.layers["green"]
    user.open_dock()
    user.dock.settings.device = "cpu"
    user.click(0, 22, 20)
    user.wait_mask(1, 0)
    tick_of(user, "red").click()
    user.wait_idle()
    user.dock.workbench.track.run()
    user.wait(lambda: user.document.frames_covered(1) == COUNT)
    user.wait_idle()
    user.dock.projects.save_as(project)
    user.wait(project.exists)


def test_a_project_brings_them_back_and_the_command_line_finds_the_same_masks(
    user_without_window: User, two_files, tmp_path: Path, capsys
) -> None:
    user, project = user_without_window, tmp_path / "work.sam2"
    user.factory = ModelShelf()
    open_files(user, *two_files)
    work(user, project)
    steps = user.session.controller.recorder.steps
    made = [one.beside for one in steps if isinstance(one, Made)]
    assert (made[0], made[-1]) == ((), (str(two_files[1]),))
    user.dock.shut_down()

    words = ["track", "--project", str(project), "-o", str(tmp_path / "labels.tif")]
    assert main(words) == 0
    assert (
        f"All {COUNT} masks of the model are as in the project"
        in capsys.readouterr().out
    )

    moved = tmp_path / "moved"
    moved.mkdir()
    for path in (*two_files, project):
        path.rename(moved / path.name)
    user.viewer, user.factory = ViewerModel(), PacedFactory()
    user.open_dock()
    user.dock.projects.open(moved / "work.sam2")
    user.wait(lambda: user.session is not None and not user.session.is_empty)
    assert [layer.name for layer in user.session.image.beside] == ["red"]
    assert user.dock.image_panel.channels.button.text() == "green, red"
    assert user.session.controller.frames[0].shape == (*SIZE_HW, 3)
    user.dock.projects.save_as(moved / "again.sam2")
    user.wait((moved / "again.sam2").exists)
    user.dock.shut_down()
    words[2], words[4] = str(moved / "again.sam2"), str(moved / "labels.tif")
    assert main(words) == 0
    assert (
        f"All {COUNT} masks of the model are as in the project"
        in capsys.readouterr().out
    )


def test_without_one_of_them_the_rest_opens_and_a_sentence_says_it(
    user_without_window: User, two_files, tmp_path: Path, capsys
) -> None:
    user, project = user_without_window, tmp_path / "work.sam2"
    open_files(user, *two_files)
    work(user, project)
    user.dock.shut_down()
    two_files[1].unlink()
    assert read_project(project).stack.beside == (str(two_files[1]),)
    user.viewer = ViewerModel()
    user.open_dock()
    user.dock.projects.open(project)
    user.wait(lambda: user.session is not None and not user.session.is_empty)
    assert user.session.image.beside == ()
    assert user.document.frames_covered(1) == COUNT
    user.wait(lambda: "red.tif" in "".join(user.dock.status_line.problems.sentences))
    words = ["track", "--project", str(project), "-o", str(tmp_path / "labels.tif")]
    assert main(words) == 2
    assert "red.tif" in capsys.readouterr().err
