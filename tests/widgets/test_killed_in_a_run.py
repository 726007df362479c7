"""A program that is killed in the middle of a run loses nothing that was finished."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

import tifffile

from tests.control.fake_tracker import disc
from tests.widgets.killed import kill_in_a_run
from tests.widgets.user import User

FRAMES, SHAPE_HW = 150, (40, 60)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "long.tif"
    pixels = np.zeros((FRAMES, *SHAPE_HW), np.uint8)
    tifffile.imwrite(path, pixels, photometric="minisblack")
    return path


def test_finished_masks_are_offered_and_the_run_goes_on_from_them(
    user_without_window: User, image: Path
) -> None:
    written = kill_in_a_run(image, masks=20)
    assert written < FRAMES  # it was in the middle
    user = user_without_window
    user.open_dock()
    banner = user.dock.projects.banner
    user.wait(lambda: banner.isVisibleTo(user.dock))
    assert "unsaved work on long" in banner.sentence
    banner.restore_button.click()
    user.wait(lambda: user.session is not None)
    found = user.document.frames_covered(1)
    assert written <= found < FRAMES
    expected = disc(SHAPE_HW, (20, 30))
    for frame in range(found):
        np.testing.assert_array_equal(user.mask(1, frame).mask.mask, expected)
    assert user.document.prompts[1, 0].points_yx == ((20, 30),)
    user.wait_idle()  # the model is there
    user.dock.workbench.track.run_button.click()
    user.wait(lambda: user.document.frames_covered(1) == FRAMES)
