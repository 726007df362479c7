"""Whatever the image and however it is displayed: a click gives a mask under it."""

from __future__ import annotations

import threading

import dask.array as da
import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtWidgets import QLabel

from napari_sam2.core.frames.intensity import as_limits
from tests.control.fake_tracker import disc
from tests.drawn import drawn
from tests.widgets.user import SHAPE, User

BLANK = np.zeros(SHAPE, np.uint8)
IMAGES = {
    "rgb": (np.zeros((*SHAPE, 3), np.uint8), {"rgb": True}),
    "dask": (da.zeros(SHAPE, chunks=(1, 40, 60), dtype=np.uint16), {}),
    "multiscale": ([BLANK, BLANK[:, ::2, ::2]], {"multiscale": True}),
    "scaled": (BLANK, {"scale": (5, 0.2, 0.2), "translate": (3, -4, 100)}),
    "rotated": (BLANK, {"rotate": 30}),
    "float": (np.zeros(SHAPE, np.float32), {"contrast_limits": (0, 1)}),
    "single": (BLANK[0], {}),
    "channels": (np.zeros((2, *SHAPE), np.uint8), {"axis_labels": ("c", *"tyx")}),
    "five axes": (np.zeros((2, 10, 3, 40, 60), np.uint8), {"axis_labels": "ctzyx"}),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_a_click_lies_under_its_mask(user_without_window: User, kind: str) -> None:
    user = user_without_window
    data, options = IMAGES[kind]
    layer = user.viewer.add_image(data, **options)
    user.open_dock()
    session = user.session
    frame = min(3, session.document.frame_count - 1)
    session.position.go_to(frame)
    assert session.position.frame == frame
    session.prompts.points.add(session.image.space.to_data(frame, (20, 30)))
    user.wait_mask(1, frame)
    masks = session.masks.layer
    np.testing.assert_array_equal(
        drawn(user.document, frame) == 1, disc((40, 60), (20, 30))
    )
    world = layer.data_to_world(session.image.space.to_data(frame, (20, 30)))
    session.masks.apply()
    assert masks.get_value(world, world=True) == 1
    assert session.masks.object_at(world) == 1


def test_display_may_change_at_any_time(working: User) -> None:
    working.click(3, 20, 30)
    working.wait_mask(1, 3)
    viewer = working.viewer
    working.dock.workbench.track.run()
    viewer.dims.ndisplay = 3
    viewer.dims.ndisplay = 2
    viewer.dims.order = (2, 0, 1)
    viewer.grid.enabled = True
    viewer.layers["cells"].name = "renamed"
    viewer.theme = "light"
    working.wait_idle()
    viewer.dims.order = (0, 1, 2)
    assert working.document.frames_covered(1) == SHAPE[0]
    assert working.dock.image_panel.images.currentText() == "renamed"


def test_closing_the_window_in_a_run_leaves_no_thread(working_in_window: User) -> None:
    working = working_in_window
    working.factory.gate = threading.Semaphore(2)
    working.dock.settings.device = "cpu"
    working.click(0, 20, 30)
    working.wait_mask(1, 0)
    working.dock.workbench.track.run()
    working.wait(lambda: working.document.frames_covered(1) == 2)
    working.viewer.close()
    working.qtbot.wait(50)
    working.dock = None  # the fixture checks that the threads are gone all the same


def test_ct_of_which_organs_hardly_show_is_said_to_be(user_without_window) -> None:
    user = user_without_window
    volume = np.full(SHAPE, -1000, np.int16)
    volume[:, 10:30, 10:50] = 40
    volume[:, 20, 20] = 1500
    layer = user.viewer.add_image(volume)
    user.open_dock()
    panel = user.dock.image_panel
    assert "organs hardly differ" in said(user)
    panel.soft_tissue.click()
    assert layer.contrast_limits == [-160, 240]
    user.wait(lambda: not panel.soft_tissue.isVisibleTo(panel))
    assert "organs" not in said(user)
    assert user.session.image.limits == as_limits(-160, 240)
    layer.contrast_limits = -1000, 1500
    user.wait(lambda: panel.soft_tissue.isVisibleTo(panel))
    panel.follow_contrast.click()  # the model looks at soft tissue of its own accord
    assert not panel.soft_tissue.isVisibleTo(panel)


@pytest.mark.parametrize("other", [BLANK, np.zeros((0, 20, 20), np.uint8)])
def test_what_is_no_ct_offers_no_soft_tissue(user_without_window, other) -> None:
    user = user_without_window
    user.viewer.add_image(np.zeros(SHAPE, np.int16), contrast_limits=(-1000, 1500))
    user.open_dock()
    panel = user.dock.image_panel
    assert panel.soft_tissue.isVisibleTo(panel)
    user.viewer.add_image(other)
    user.wait(lambda: not panel.soft_tissue.isVisibleTo(panel))


def said(user: User) -> str:
    """Return all that the choice of the image says in words."""
    labels = user.dock.image_panel.findChildren(QLabel)
    return " ".join(label.text() for label in labels)
