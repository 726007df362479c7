"""Work is restored on the image that is already open, and names stay those of files."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import tifffile
from napari.components import ViewerModel
from napari.layers import Image

from napari_sam2.io.reading.stack import open_stack
from napari_sam2.layers.hooks import image_layer
from tests.widgets.projects.desk import masks_of
from tests.widgets.user import User


def show(user: User, path: Path | str) -> Image:
    """Open an image as napari does, under the name that it was given."""
    array, described, _ = image_layer(open_stack(path))
    return user.viewer.add_image(array, **described)


def images(user: User) -> list[str]:
    return [one.name for one in user.viewer.layers if isinstance(one, Image)]


def restore(user: User) -> None:
    banner = user.dock.projects.banner
    user.wait(lambda: banner.isVisibleTo(user.dock))
    banner.restore_button.click()
    user.wait(lambda: "Restored" in user.dock.status_line.message)


@pytest.mark.parametrize("is_relative", [True, False])
def test_work_is_restored_on_the_image_that_is_open(
    worker: User, image: Path, monkeypatch: pytest.MonkeyPatch, is_relative: bool
) -> None:
    before = masks_of(worker)
    worker.dock.shut_down()
    worker.viewer = ViewerModel()
    monkeypatch.chdir(image.parent)
    layer = show(worker, image.name if is_relative else image)
    worker.open_dock()
    restore(worker)
    assert images(worker) == ["cells"]
    assert worker.session.image.layer is layer
    assert masks_of(worker) == before


def test_the_number_that_napari_gives_a_second_layer_is_in_no_file(
    worker: User, image: Path
) -> None:
    worker.dock.shut_down()
    worker.viewer = ViewerModel()
    show(worker, image)
    worker.open_dock()
    worker.click(2, 10, 10)  # new work, beside which the old is restored
    worker.wait_idle()
    restore(worker)
    assert images(worker) == ["cells", "cells [1]"]
    session = worker.session
    assert session.image.layer.name == "cells [1]"
    form = worker.dock.workbench.results.form
    assert "[1]" not in str(form.path.value)
    assert worker.dock.projects.keeper.look.reference.name == "cells"
    path = image.parent / "masks.tif"
    worker.dock.workbench.results.save(path)
    worker.wait(path.exists)
    worker.wait_idle()
    with tifffile.TiffFile(path) as file:
        assert "cells" in file.pages[0].tags["ImageDescription"].value
    assert b"cells [1]" not in path.read_bytes()
