"""Work is saved, opened again, and offered again when it was not saved."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import tifffile
from napari.components import ViewerModel
from napari.utils.key_bindings import KeymapHandler

from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from napari_sam2.project import find_recoverable, read_project
from tests.widgets.user import User

SHAPE = (10, 40, 60)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "cells.tif"
    pixels = np.random.default_rng(0).integers(0, 200, SHAPE, np.uint8)
    tifffile.imwrite(path, pixels, photometric="minisblack")
    return path


@pytest.fixture
def worker(user_without_window: User, image: Path) -> User:
    """Return somebody with an image from a file, a tracked object and a mask locked."""
    user = user_without_window
    array, described, _ = image_layer(open_stack(image))
    layer = user.viewer.add_image(array, **described)
    user.open_dock()
    assert user.session.image.layer is layer
    user.click(4, 20, 30)
    user.wait_mask(1, 4)
    user.dock.workbench.track.run()
    user.wait(lambda: user.document.frames_covered(1) == 10)
    user.wait_idle()
    return user


def save(user: User, path: Path) -> Path:
    user.dock.projects.save_as(path)
    user.wait(lambda: title(user) == f"Project: {path.name}")
    return path


def reopen(user: User) -> None:
    """Close the dock and the viewer, and begin anew."""
    user.dock.shut_down()
    user.viewer = ViewerModel()
    user.open_dock()


def title(user: User) -> str:
    return user.dock._project_section.header.text().replace("&", "")


def masks_of(user: User) -> dict:
    return {
        place: one.mask.crop.tobytes() for place, one in user.document.masks.items()
    }


def test_a_project_brings_everything_back(worker: User, tmp_path: Path) -> None:
    assert title(worker) == "Project: not saved*"
    worker.session.position.go_to(7)
    before, prompts = masks_of(worker), dict(worker.document.prompts)
    path = save(worker, tmp_path / "cells.sam2")
    reopen(worker)
    worker.dock.projects.open(path)
    worker.wait(lambda: worker.session is not None)
    worker.wait_idle()
    assert masks_of(worker) == before
    assert dict(worker.document.prompts) == prompts
    assert worker.session.position.frame == 7
    assert worker.shown(7).any()
    assert title(worker) == "Project: cells.sam2"
    assert len(worker.viewer.layers) == 4
    worker.click(2, 5, 5)
    worker.wait(lambda: title(worker) == "Project: cells.sam2*")


def test_a_project_opens_its_own_layers_and_no_others(
    worker: User, tmp_path: Path
) -> None:
    path = save(worker, tmp_path / "cells.sam2")
    reopen(worker)
    events, seen = worker.viewer.layers.events, []
    events.inserted.connect(lambda event: seen.append(event.value.name))
    events.removed.connect(lambda event: seen.append(f"-{event.value.name}"))
    worker.dock.projects.open(path)
    worker.wait(lambda: worker.session is not None)
    worker.wait_idle()
    worker.qtbot.wait(50)  # what is of no use is taken out later
    assert len(seen) == len(worker.viewer.layers) == 4, seen


def test_the_image_lies_where_it_lay(worker: User, tmp_path: Path) -> None:
    layer = worker.session.image.layer
    layer.scale = (2, 0.5, -0.25)
    layer.translate, layer.rotate, layer.shear = (1, 2, 3), 30, (0, 0, 0.5)
    layer.affine = np.array([[1, 0, 0, 7], [0, 0.2, 1, 0], [0, -1, 0, 4], [0, 0, 0, 1]])
    corners = [(0, 0, 0), (9, 39, 59), (4, 20, 30)]
    lay = [layer.data_to_world(one) for one in corners]
    path = save(worker, tmp_path / "cells.sam2")
    reopen(worker)
    worker.dock.projects.open(path)
    worker.wait(lambda: worker.session is not None)
    for one in (worker.session.image.layer, worker.session.masks.layer):
        lies = [one.data_to_world(corner) for corner in corners]
        np.testing.assert_allclose(lies, lay)


def test_an_open_image_that_a_project_is_put_on_stays_where_it_is(
    worker: User, tmp_path: Path, image: Path
) -> None:
    path = save(worker, tmp_path / "cells.sam2")
    reopen(worker)
    array, described, _ = image_layer(open_stack(image))
    layer = worker.viewer.add_image(array, **described, translate=(0, 5, 5))
    worker.dock.projects.open(path)
    worker.wait(lambda: worker.session is not None and not worker.session.is_empty)
    assert worker.session.image.layer == layer
    assert layer.translate.tolist() == [0, 5, 5]


def test_projects_that_are_opened_together_all_come(
    worker: User, tmp_path: Path
) -> None:
    one = save(worker, tmp_path / "one.sam2")
    worker.click(2, 5, 5)
    worker.wait_idle()
    other = save(worker, tmp_path / "other.sam2")
    reopen(worker)
    said = []
    worker.dock.projects.said.connect(said.append)
    (tmp_path / "odd.sam2").write_bytes(b"nothing")
    for path in (one, tmp_path / "odd.sam2", other):
        worker.dock.projects.open(path)
    worker.wait(lambda: f"Opened: {other}" in said)
    assert f"Opened: {one}" in said
    assert (1, 2) in worker.document.prompts


def test_a_key_saves_to_the_project_that_is_open(worker: User, tmp_path: Path) -> None:
    path = save(worker, tmp_path / "cells.sam2")
    worker.click(2, 5, 5)
    worker.wait_idle()
    keys = KeymapHandler()
    keys.keymap_providers = [worker.viewer.layers.selection.active, worker.viewer]
    assert keys.press_key("Shift-S")
    worker.wait(lambda: title(worker) == "Project: cells.sam2")
    assert (1, 2) in read_project(path).contents.prompts


def test_save_goes_to_the_project_that_is_open(worker: User, tmp_path: Path) -> None:
    path = save(worker, tmp_path / "cells.sam2")
    worker.click(2, 5, 5)
    worker.wait_idle()
    assert title(worker).endswith("*")
    worker.dock.projects.save_button.click()
    worker.wait(lambda: title(worker) == "Project: cells.sam2")
    assert (1, 2) in read_project(path).contents.prompts


def test_a_missing_image_is_asked_for_and_explained(
    worker: User, tmp_path: Path, image: Path
) -> None:
    path = save(worker, tmp_path / "cells.sam2")
    worker.dock.shut_down()
    elsewhere = image.rename(tmp_path / "moved.tif")
    reopen(worker)
    worker.dock.projects.open(path)
    question = worker.dock.projects.question
    worker.wait(lambda: question.isVisibleTo(worker.dock))
    assert "no longer there" in question.sentence
    assert not question.anyway_button.isVisibleTo(question)
    question.file_chosen.emit(str(elsewhere))
    worker.wait(lambda: worker.session is not None)
    assert worker.document.frames_covered(1) == 10


def test_a_changed_image_is_opened_only_when_the_user_says_so(
    worker: User, tmp_path: Path, image: Path
) -> None:
    path = save(worker, tmp_path / "cells.sam2")
    worker.dock.shut_down()
    tifffile.imwrite(image, np.full(SHAPE, 9, np.uint8), photometric="minisblack")
    reopen(worker)
    worker.dock.projects.open(path)
    question = worker.dock.projects.question
    worker.wait(lambda: question.isVisibleTo(worker.dock))
    assert "not as it was" in question.sentence
    question.anyway_button.click()
    worker.wait(lambda: worker.session is not None)
    assert worker.document.frames_covered(1) == 10


def test_an_image_that_was_only_in_memory_is_bound_to_an_open_layer(
    user_without_window: User, tmp_path: Path
) -> None:
    user = user_without_window
    user.open_image(name="cells")
    user.open_dock()
    user.click(4, 20, 30)
    user.wait_mask(1, 4)
    path = save(user, tmp_path / "memory.sam2")
    reopen(user)
    user.open_image((10, 40, 61), name="wider")
    user.open_image(name="same size")
    user.dock.projects.open(path)
    question = user.dock.projects.question
    user.wait(lambda: question.isVisibleTo(user.dock))
    names = [question.layers.itemText(i) for i in range(question.layers.count())]
    assert names == ["same size"]
    question.layer_button.click()
    user.wait(lambda: user.mask(1, 4) is not None)
    assert user.session.image.layer.name == "same size"


def test_closing_with_unsaved_changes_keeps_them(worker: User) -> None:
    before = masks_of(worker)
    reopen(worker)
    banner = worker.dock.projects.banner
    worker.wait(lambda: banner.isVisibleTo(worker.dock))
    assert "unsaved work on cells" in banner.sentence
    banner.restore_button.click()
    worker.wait(lambda: worker.session is not None)
    assert masks_of(worker) == before
    assert title(worker) == "Project: not saved*"
    worker.wait(lambda: not find_recoverable())


def test_discarded_work_is_not_offered_again(worker: User) -> None:
    reopen(worker)
    banner = worker.dock.projects.banner
    worker.wait(lambda: banner.isVisibleTo(worker.dock))
    banner.discard_button.click()
    assert not banner.isVisibleTo(worker.dock)
    assert not find_recoverable()


def test_saved_work_leaves_nothing_to_recover(worker: User, tmp_path: Path) -> None:
    save(worker, tmp_path / "cells.sam2")
    worker.dock.shut_down()
    assert not find_recoverable()


def test_a_file_that_is_no_project_is_refused_with_a_sentence(
    user_without_window: User, tmp_path: Path
) -> None:
    user = user_without_window
    user.open_dock()
    (tmp_path / "odd.sam2").write_bytes(b"nothing")
    user.dock.projects.open(tmp_path / "odd.sam2")
    user.wait(lambda: "no project" in user.dock.status_line.message)


_WORK = """
import os, sys
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication
from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from napari_sam2.widgets.dock import Sam2Dock
from tests.control.fake_tracker import FakeFactory

application = QApplication([])
viewer = ViewerModel()
array, described, _ = image_layer(open_stack(sys.argv[1]))
viewer.add_image(array, **described)
dock = Sam2Dock(viewer, make_tracker=FakeFactory())
session = dock.sessions.current
session.position.go_to(4)
session.prompts.points.add([4, 20, 30])
keeper = dock.projects.keeper
while not session.document.masks.get((1, 4)):
    application.processEvents()
keeper.autosave.save()
written = []
def nothing(token):
    yield
dock.projects._files.submit(nothing, on_done=lambda: written.append(True))
while not written:
    application.processEvents()
while True:
    print("working", flush=True)
    application.processEvents()
"""


def test_work_of_a_killed_program_is_offered_and_restored(
    user_without_window: User, image: Path
) -> None:
    user = user_without_window
    program = subprocess.Popen(
        [sys.executable, "-c", _WORK, str(image)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert program.stdout is not None
    assert program.stdout.readline() == b"working\n"
    program.kill()
    program.wait()
    program.stdout.close()
    user.open_dock()
    banner = user.dock.projects.banner
    user.wait(lambda: banner.isVisibleTo(user.dock))
    banner.restore_button.click()
    user.wait(lambda: user.session is not None)
    assert user.document.prompts[1, 4]
    assert user.mask(1, 4) is not None
