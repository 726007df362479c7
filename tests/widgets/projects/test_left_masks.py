"""What a closed dock left in the viewer does not lie beside what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtCore import Qt

from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from tests.widgets.projects.desk import masks_of, save
from tests.widgets.user import User

LEFT = Qt.MouseButton.LeftButton
ALL = ["cells", "cells objects", "cells boxes", "cells points"]


def names(user: User) -> list[str]:
    return [one.name for one in user.viewer.layers]


def close_and_open_dock(user: User) -> None:
    """Close the dock, but not the viewer, and open it again."""
    user.dock.shut_down()
    user.wait(lambda: names(user) == ["cells", "cells objects"])
    user.open_dock()


def restore(user: User) -> None:
    banner = user.dock.projects.banner
    user.wait(lambda: banner.isVisibleTo(user.dock))
    user.qtbot.mouseClick(banner.restore_button, LEFT)
    user.wait(lambda: user.session is not None and not user.session.is_empty)
    user.wait_idle()
    user.qtbot.wait(50)  # what is of no use is taken out later


def test_restored_masks_take_the_place_of_those_that_were_left(worker: User) -> None:
    before = masks_of(worker)
    close_and_open_dock(worker)
    restore(worker)
    assert masks_of(worker) == before
    assert names(worker) == ALL


def test_they_do_too_when_the_image_was_deleted_and_opened_again(
    worker: User, image: Path
) -> None:
    worker.viewer.layers.remove("cells")
    worker.wait(lambda: names(worker) == ["cells objects"])
    array, described, _ = image_layer(open_stack(image))
    worker.viewer.add_image(array, **described)
    worker.wait_idle()
    restore(worker)
    assert sorted(names(worker)) == sorted(ALL)


def test_so_do_those_of_a_project(worker: User, tmp_path: Path) -> None:
    path = save(worker, tmp_path / "cells.sam2")
    close_and_open_dock(worker)
    worker.dock.projects.open(path)
    worker.wait(lambda: worker.session is not None and not worker.session.is_empty)
    worker.qtbot.wait(50)
    assert names(worker) == ALL


def test_what_was_painted_on_them_since_is_hidden_and_not_lost(worker: User) -> None:
    worker.dock.shut_down()
    worker.wait(lambda: names(worker) == ["cells", "cells objects"])
    left = worker.viewer.layers["cells objects"]
    left.paint((3, 1, 1), 7)
    worker.open_dock()
    restore(worker)
    assert left in worker.viewer.layers and not left.visible
    assert left.data[3, 1, 1] == 7
    assert worker.session.masks.layer.visible


def test_masks_stay_beside_work_that_is_begun_anew(worker: User) -> None:
    close_and_open_dock(worker)
    left = worker.viewer.layers["cells objects"]
    worker.click(2, 5, 5)
    worker.wait_idle()
    assert left in worker.viewer.layers and left.visible
