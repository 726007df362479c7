"""Work that was not saved is offered again, and what was saved is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.project import find_recoverable
from tests.widgets.projects.desk import masks_of, reopen, save, title
from tests.widgets.user import User

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


def test_closing_with_unsaved_changes_keeps_them(worker: User) -> None:
    before = masks_of(worker)
    reopen(worker)
    banner = worker.dock.projects.banner
    worker.wait(lambda: banner.isVisibleTo(worker.dock))
    assert "unsaved work on cells" in banner.sentence
    banner.restore_button.click()
    line = worker.dock.status_line
    assert line.message == "Restoring the work on cells…"
    worker.wait(lambda: worker.session is not None)
    worker.wait_idle()
    assert line.message.startswith("Restored what was not saved of ")
    assert line.message.endswith("cells.tif.\nnano is ready.")
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


def test_closing_at_once_after_saving_leaves_nothing_to_recover(
    worker: User, tmp_path: Path
) -> None:
    worker.dock.projects.save_as(tmp_path / "cells.sam2")
    worker.dock.shut_down()
    assert (tmp_path / "cells.sam2").exists()
    assert not find_recoverable()


def test_what_is_put_off_is_not_offered_with_what_comes_after_it(
    user_without_window: User,
) -> None:
    user = user_without_window
    user.open_dock()
    banner = user.dock.projects.banner
    for name in ("first", "second"):
        layer = user.open_image(name=name)
        user.click(2, 10, 10)
        user.wait_mask(1, 2)
        user.viewer.layers.remove(layer)
        user.wait(lambda: banner.isVisibleTo(user.dock))
        assert f"unsaved work on {name}" in banner.sentence
        banner.later_button.click()
        assert not banner.isVisibleTo(user.dock)


def test_work_waits_again_when_another_project_is_opened_before_its_image_is_found(
    worker: User, tmp_path: Path, image: Path
) -> None:
    path = save(worker, tmp_path / "cells.sam2")
    worker.click(5, 20, 30)
    worker.wait_idle()
    elsewhere = image.rename(tmp_path / "moved.tif")
    reopen(worker)
    projects = worker.dock.projects
    worker.wait(lambda: projects.banner.isVisibleTo(worker.dock))
    projects.banner.restore_button.click()
    worker.wait(lambda: projects.question.isVisibleTo(worker.dock))
    assert not projects.banner.isVisibleTo(worker.dock)
    elsewhere.rename(image)
    projects.open(path)
    worker.wait(lambda: worker.session is not None)
    worker.wait(lambda: projects.banner.isVisibleTo(worker.dock))
    assert "unsaved work on cells" in projects.banner.sentence


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
