"""What the model is shown of an image: channels and intensities, chosen in the dock."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from napari_sam2.control import Activity
from napari_sam2.core.results import mask_result
from tests.control.fake_tracker import FakeTracker
from tests.widgets.held import bring_to, let_go
from tests.widgets.user import SHAPE, PacedFactory, User


class BrightTracker(FakeTracker):
    """Finds the pixels that are shown as more than half bright, wherever one clicks."""

    def _result(self, object_id, frame, prompts, is_prompted):
        limits = self.request.limits
        middle = (limits.low[0] + limits.high[0]) / 2
        mask = self.request.frames[frame] > middle
        return mask_result(
            mask,
            object_id=object_id,
            frame=frame,
            predicted_iou=0.9,
            object_logit=5.0,
            is_prompted=is_prompted,
        )


class BrightFactory(PacedFactory):
    def __call__(self, request, token):
        for item in super().__call__(request, token):
            if isinstance(item, FakeTracker):
                item = self.made[-1] = BrightTracker(request)
            yield item


@pytest.fixture
def gradient(user_without_window: User) -> User:
    """Return a user with an image that becomes brighter from left to right."""
    user = user_without_window
    user.factory = BrightFactory()
    data = np.broadcast_to(np.arange(60, dtype=np.uint8), SHAPE).copy()
    user.viewer.add_image(data, name="cells", contrast_limits=(0, 40))
    user.open_dock()
    user.click(2, 20, 30)
    user.wait(lambda: area(user, 2) == 39 * 40)
    return user


@pytest.fixture
def colourful(user_without_window: User) -> User:
    """Return a user who clicked an object in an image of four named channels."""
    user = user_without_window
    names = ["DAPI", "GFP", "RFP", "far red"]
    data = np.zeros((4, *SHAPE), np.uint8)
    data[1], data[3] = 10, 30
    user.viewer.add_image(data, axis_labels="ctyx", metadata={"channel_names": names})
    user.open_dock()
    user.session.prompts.points.add((0, 2, 20, 30))
    user.wait_mask(1, 2)
    user.wait_idle()
    return user


def area(user: User, frame: int) -> int:
    mask = user.mask(1, frame)
    return 0 if mask is None else mask.mask.area


def tick(user: User, name: str) -> None:
    (box,) = [t for t in ticks(user) if t.text() == name]
    box.click()  # the menu that it is in need not be open


def ticks(user: User) -> list:
    return user.dock.image_panel.channels.ticks


def seen(user: User) -> np.ndarray:
    """Return the first pixel of what the model is shown."""
    user.wait_idle()
    return user.factory.tracker.request.frames[2][0, 0]


def test_ticked_channels_are_what_the_model_sees(colourful: User) -> None:
    session, button = colourful.session, colourful.dock.image_panel.channels.button
    assert button.text() == "DAPI, GFP, RFP"
    assert seen(colourful).tolist() == [0, 10, 0]
    tick(colourful, "DAPI")
    tick(colourful, "far red")
    assert button.text() == "GFP, RFP, far red"
    assert seen(colourful).tolist() == [10, 0, 30]
    tick(colourful, "GFP")
    tick(colourful, "RFP")
    assert button.text() == "far red"
    assert np.all(seen(colourful) == 30)
    assert colourful.session is session
    assert set(colourful.document.prompts) == {(1, 2)}


def test_prompts_are_answered_anew_on_other_channels(colourful: User) -> None:
    before = colourful.factory.tracker
    tick(colourful, "DAPI")
    colourful.wait(lambda: colourful.factory.tracker is not before)
    colourful.wait_idle()
    assert [asked[:3] for asked in colourful.factory.tracker.log] == [("set", 1, 2)]


def test_one_channel_stays_ticked_and_a_fourth_cannot_be(colourful: User) -> None:
    enabled = [one.isEnabled() for one in ticks(colourful)]
    assert enabled == [True, True, True, False]
    tick(colourful, "DAPI")
    tick(colourful, "GFP")
    assert [one.isEnabled() for one in ticks(colourful)] == [True, True, False, True]


def test_answers_follow_the_contrast_limits(gradient: User) -> None:
    (layer, *_) = gradient.viewer.layers
    layer.contrast_limits = 0, 80
    gradient.wait(lambda: area(gradient, 2) == 19 * 40)
    layer.contrast_limits = 20, 40
    gradient.wait(lambda: area(gradient, 2) == 29 * 40)
    assert gradient.session.history.undo_label is not None
    gradient.session.history.undo()
    assert gradient.session.is_empty


def test_masks_of_runs_follow_with_the_next_run(gradient: User) -> None:
    run = gradient.dock.workbench.track.run
    run()
    gradient.wait(lambda: area(gradient, 9) == 39 * 40)
    gradient.wait_idle()
    (layer, *_) = gradient.viewer.layers
    layer.contrast_limits = 0, 80
    gradient.wait(lambda: area(gradient, 2) == 19 * 40)
    assert area(gradient, 9) == 39 * 40
    gradient.wait_idle()
    run()
    gradient.wait(lambda: area(gradient, 9) == 19 * 40)


def test_a_run_goes_on_when_contrast_limits_change(user_without_window: User) -> None:
    """They are also how one looks at what it finds."""
    user = user_without_window
    bring_to(user, "running")
    made = len(user.factory.made)
    (layer, *_) = user.viewer.layers
    layer.contrast_limits = 0, 0.5
    user.qtbot.wait(400)
    assert user.status.activity is Activity.RUNNING
    let_go(user)
    user.wait(lambda: user.dock.settings.limits.high == (0.5,))
    assert user.document.frames_covered(1) == 10
    user.wait_idle()
    assert len(user.factory.made) == made + 1
    assert user.factory.tracker.request.limits.high == (0.5,)


def test_intensities_that_were_taken_back_in_a_run_change_nothing(
    user_without_window: User,
) -> None:
    user = user_without_window
    bring_to(user, "running")
    made = len(user.factory.made)
    (layer, *_) = user.viewer.layers
    before = tuple(layer.contrast_limits)
    for limits in ((0, 0.5), before):
        layer.contrast_limits = limits
        user.qtbot.wait(400)
    user.dock.workbench.track.stop_button.click()
    user.wait_idle()
    user.qtbot.wait(100)
    assert len(user.factory.made) == made
    assert user.session.controller.can_resume


def test_they_do_not_follow_when_that_is_not_wanted(gradient: User) -> None:
    gradient.dock.image_panel.follow_contrast.setChecked(False)
    gradient.wait_idle()
    assert gradient.session.image.limits is None
    made = len(gradient.factory.made)
    (layer, *_) = gradient.viewer.layers
    layer.contrast_limits = 0, 80
    gradient.qtbot.wait(400)
    assert gradient.session.image.limits is None
    assert len(gradient.factory.made) == made
