"""Work is saved, and opened again as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari.utils.key_bindings import KeymapHandler

from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from napari_sam2.project import read_project
from napari_sam2.widgets.projects.image_look import ImageLook
from tests.widgets.projects.desk import masks_of, reopen, save, title
from tests.widgets.user import User


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
    opened = []
    opener = worker.dock.projects.opener
    opener.opened.connect(lambda opening, _: opened.append(opening.path))
    (tmp_path / "odd.sam2").write_bytes(b"nothing")
    for path in (one, tmp_path / "odd.sam2", other):
        worker.dock.projects.open(path)
    worker.wait(lambda: opened == [one, other])
    worker.wait(lambda: f"Opened: {other}" in worker.dock.status_line.message)
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


def test_a_file_that_is_no_project_is_refused_with_a_sentence(
    user_without_window: User, tmp_path: Path
) -> None:
    user = user_without_window
    user.open_dock()
    (tmp_path / "odd.sam2").write_bytes(b"nothing")
    user.dock.projects.open(tmp_path / "odd.sam2")
    user.wait(lambda: "no project" in user.dock.status_line.message)


def test_after_a_project_that_cannot_be_opened_the_line_is_not_empty(
    working: User, tmp_path: Path
) -> None:
    path = tmp_path / "broken.sam2"
    path.write_bytes(b"nothing")
    working.dock.projects.open(path)
    line = working.dock.status_line
    working.wait(lambda: "broken.sam2" in line.problems.sentences)
    assert line.message.endswith("nano is ready.")


def test_what_is_opened_and_saved_at_once_still_knows_its_image(
    worker: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.wait(
        lambda: bool(worker.dock.projects.keeper.look.reference.fingerprint.pixels)
    )
    path = save(worker, tmp_path / "cells.sam2")
    known = read_project(path).image.fingerprint
    monkeypatch.setattr(ImageLook, "begin", lambda *_: None)  # it comes later
    reopen(worker)
    worker.dock.projects.open(path)
    worker.wait(lambda: worker.session is not None)
    again = save(worker, tmp_path / "again.sam2")
    assert read_project(again).image.fingerprint == known
