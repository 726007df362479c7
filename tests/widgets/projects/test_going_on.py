"""Continue goes on with a run that was stopped in another napari, or with it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import tifffile
from napari.components import ViewerModel

from napari_sam2.control import Activity
from napari_sam2.control.runs import run_keeper
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from tests.widgets.killed import kill_in_a_run
from tests.widgets.projects.desk import SHAPE, masks_of, reopen, save
from tests.widgets.real_tracker import RealFactory
from tests.widgets.user import User

FRAMES = SHAPE[0]


def begin(user: User, image: Path) -> User:
    """Open an image in the dock, and click an object twice."""
    user.factory = RealFactory()
    array, described, _ = image_layer(open_stack(image))
    user.viewer.add_image(array, **described)
    user.open_dock()
    for y, x in ((20, 30), (24, 33)):
        user.click(2, y, x)
        user.wait_idle()
    return user


@pytest.fixture
def worker(user_without_window: User, image: Path) -> User:
    return begin(user_without_window, image)


def propagate(user: User, frames: int) -> None:
    """Start a run, and let it come so far."""
    user.factory.gate = threading.Semaphore(0)
    user.session.controller._session._tracker.tracker.gate = user.factory.gate
    user.dock.workbench.track.run_button.click()
    for done in range(1, frames + 1):
        user.factory.gate.release()
        user.wait(lambda done=done: user.document.frames_covered(1) >= done)
    user.wait(lambda: user.status.progress and user.status.progress.done == frames)


def stop(user: User) -> None:
    user.dock.workbench.track.stop_button.click()
    user.wait_idle()
    user.factory.gate = None


def go_on(user: User) -> dict:
    """Click Continue, and return the masks that there are in the end."""
    button = user.dock.workbench.track.resume_button
    user.wait(button.isEnabled)
    button.click()
    user.wait(lambda: user.document.frames_covered(1) == FRAMES)
    user.wait_idle()
    assert not button.isEnabled()
    return masks_of(user)


@pytest.fixture
def whole(user_without_window: User, image: Path, tmp_path: Path) -> dict:
    """Return the masks of a run that nobody stopped, and leave a new napari."""
    user = begin(user_without_window, image)
    user.dock.workbench.track.run_button.click()
    user.wait(lambda: user.document.frames_covered(1) == FRAMES)
    user.wait_idle()
    save(user, tmp_path / "whole.sam2")
    found = masks_of(user)
    user.dock.shut_down()
    user.viewer = ViewerModel()
    return found


def test_a_project_is_reopened_and_continue_clicked(
    whole: dict, worker: User, tmp_path: Path
) -> None:
    propagate(worker, 4)
    stop(worker)
    path = save(worker, tmp_path / "cells.sam2")
    before = masks_of(worker)
    reopen(worker)
    worker.dock.projects.open(path)
    worker.wait(lambda: worker.session is not None)
    worker.wait(worker.dock.workbench.track.resume_button.isEnabled)
    worker.wait_idle()
    assert masks_of(worker) == before
    assert "of 10 frames are done, and are kept" in worker.dock.status_line.message
    assert not worker.dock.projects.keeper.is_unsaved
    assert go_on(worker) == whole


def test_closing_in_the_middle_of_a_run_leaves_it_to_be_gone_on_with(
    whole: dict, worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_keeper, "FIRST_SECONDS", 0.0)
    propagate(worker, 4)
    assert worker.status.activity is Activity.RUNNING
    worker.factory.gate = None
    reopen(worker)
    banner = worker.dock.projects.banner
    worker.wait(lambda: banner.isVisibleTo(worker.dock))
    banner.restore_button.click()
    worker.wait(lambda: worker.session is not None)
    assert go_on(worker) == whole


def test_another_image_in_its_place_is_not_gone_on_with(
    worker: User, image: Path, tmp_path: Path
) -> None:
    propagate(worker, 4)
    stop(worker)
    path = save(worker, tmp_path / "cells.sam2")
    pixels = tifffile.imread(image)
    tifffile.imwrite(image, 255 - pixels, photometric="minisblack")
    reopen(worker)
    projects = worker.dock.projects
    projects.open(path)
    worker.wait(lambda: projects.question.isVisibleTo(worker.dock))
    projects.question.anyway_button.click()
    worker.wait(lambda: worker.session is not None)
    worker.wait_idle()
    assert not worker.dock.workbench.track.resume_button.isEnabled()
    assert worker.document.frames_covered(1) >= 4


def test_another_model_takes_the_offer_back(worker: User, tmp_path: Path) -> None:
    propagate(worker, 4)
    stop(worker)
    path = save(worker, tmp_path / "cells.sam2")
    reopen(worker)
    worker.dock.projects.open(path)
    worker.wait(lambda: worker.session is not None)
    button = worker.dock.workbench.track.resume_button
    worker.wait(button.isEnabled)
    worker.dock.settings.image_size = 512
    worker.wait(lambda: not button.isEnabled())
    worker.wait_idle()
    assert not button.isEnabled()


def test_a_killed_program_leaves_a_run_to_be_gone_on_with(
    user_without_window: User, image: Path, tmp_path: Path
) -> None:
    written = kill_in_a_run(image, "network", masks=4)
    user = user_without_window
    user.factory = RealFactory()
    user.open_dock()
    banner = user.dock.projects.banner
    user.wait(lambda: banner.isVisibleTo(user.dock))
    banner.restore_button.click()
    user.wait(lambda: user.session is not None)
    found = user.document.frames_covered(1)
    assert written <= found < FRAMES
    masks = go_on(user)
    user.wait_idle()
    user.session.controller.clear_masks()
    user.dock.workbench.track.run_button.click()
    user.wait(lambda: user.document.frames_covered(1) == FRAMES)
    user.wait_idle()
    assert masks_of(user) == masks


@pytest.mark.parametrize("leave", ["delete the image", "delete all", "close the dock"])
def test_a_run_that_was_left_goes_on_from_its_very_last_frame(
    whole: dict, worker: User, leave: str
) -> None:
    propagate(worker, 6)  # long before what it needs is kept as it goes on
    if leave == "delete the image":
        worker.viewer.layers.remove(worker.session.image.layer)
        assert worker.session is None
    elif leave == "delete all":
        worker.viewer.layers.clear()
    worker.factory.gate = None
    if leave != "close the dock":
        banner = worker.dock.projects.banner
        worker.wait(lambda: banner.isVisibleTo(worker.dock))
        assert worker.dock.status_line.message == "Ready."
        worker.qtbot.wait(50)
        assert [one.name for one in worker.viewer.layers] in ([], ["cells objects"])
    else:
        reopen(worker)
        banner = worker.dock.projects.banner
        worker.wait(lambda: banner.isVisibleTo(worker.dock))
    banner.restore_button.click()
    worker.wait(lambda: worker.session is not None)
    worker.wait(worker.dock.workbench.track.resume_button.isEnabled)
    worker.wait_idle()
    found = worker.document.frames_covered(1)
    assert found >= 6
    said = f"A run was stopped: {found} of 10 frames are done, and are kept."
    assert said in worker.dock.status_line.message
    assert go_on(worker) == whole
