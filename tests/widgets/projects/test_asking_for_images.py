"""An image that is not as a project knows it is asked for, and explained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import tifffile

from tests.widgets.projects.desk import SHAPE, reopen, save, title
from tests.widgets.user import User


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


def test_where_an_image_is_now_is_a_change_to_be_saved(
    worker: User, tmp_path: Path, image: Path
) -> None:
    path = save(worker, tmp_path / "cells.sam2")
    worker.dock.shut_down()
    elsewhere = image.rename(tmp_path / "moved.tif")
    reopen(worker)
    worker.dock.projects.open(path)
    question = worker.dock.projects.question
    worker.wait(lambda: question.isVisibleTo(worker.dock))
    question.file_chosen.emit(str(elsewhere))
    worker.wait(lambda: worker.session is not None)
    assert title(worker) == "Project: cells.sam2*"
    save(worker, path)
    reopen(worker)
    worker.dock.projects.open(path)
    worker.wait(lambda: worker.session is not None)
    assert title(worker) == "Project: cells.sam2"


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
