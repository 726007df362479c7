"""A time-lapse of volumes in the window: short verbs to work on it."""

from __future__ import annotations

import numpy as np

from tests.control.fake_tracker import disc
from tests.widgets.user import User

TIMES, SLICES, SHAPE_HW = 4, 5, (40, 60)
SHAPE = TIMES, SLICES, *SHAPE_HW
DISC = disc(SHAPE_HW, (20, 30))  # what a click there finds


def number(time: int, z: int) -> int:
    """Return the number of a slice, when objects are followed along z."""
    return time * SLICES + z


def show(user: User, time: int, z: int) -> None:
    user.viewer.dims.set_current_step(0, time)
    user.viewer.dims.set_current_step(1, z)


def click(user: User, time: int, z: int, y: float = 20, x: float = 30) -> None:
    show(user, time, z)
    user.session.prompts.points.add((time, z, y, x))


def choose_axis(user: User, words: str) -> None:
    axes = user.dock.image_panel.axes
    axes.setCurrentIndex(axes.findText(words))


def run(user: User) -> None:
    user.dock.workbench.track.run_button.click()
    user.wait_idle()


def labels(user: User) -> np.ndarray:
    user.session.masks.apply()
    return np.asarray(user.session.masks.layer.data)
