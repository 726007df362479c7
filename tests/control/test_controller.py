"""What a user sees when everything goes well."""

from __future__ import annotations

import numpy as np

from napari_sam2.control import Activity
from napari_sam2.state import Origin
from tests.control.conftest import Desk, click
from tests.control.fake_tracker import disc


def test_a_click_gives_a_mask_and_a_run_the_others(desk: Desk) -> None:
    desk.add(1)
    desk.say(1, 3, click(20, 30))
    assert desk.mask(1, 3).origin is Origin.PROMPTED
    np.testing.assert_array_equal(
        desk.document.labels(3) == 1, disc((40, 60), (20, 30))
    )
    desk.controller.run()
    assert desk.document.frames_covered(1) == 10
    assert desk.mask(1, 9).origin is Origin.TRACKED
    assert desk.status.activity is Activity.IDLE
    assert desk.status.message == "Track 1 object: 10 frames are done."
