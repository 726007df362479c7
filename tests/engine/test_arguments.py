"""Arguments are what users write, and what is none is told at once, in a sentence."""

from __future__ import annotations

import numpy as np
import pytest

import napari_sam2
from napari_sam2 import (
    ImagePredictor,
    IntensityLimits,
    MaskPrompt,
    Sam2Error,
    TrackerOptions,
    VideoTracker,
    array_stack,
    load_model,
    track_stack,
)
from tests.miniature import seeded_model

STACK = np.zeros((3, 20, 20), np.uint16)


@pytest.fixture(scope="module")
def model():
    return seeded_model()


def test_every_public_name_is_there():
    assert all(hasattr(napari_sam2, name) for name in napari_sam2.__all__)


def test_limits_are_given_as_a_pair(model):
    tracker = VideoTracker(model, STACK, limits=(0, 3000))
    assert tracker.limits == IntensityLimits((0.0,), (3000.0,))


@pytest.mark.parametrize("limits", [(3000, 0), 5, (1, 2, 3), "ab"])
def test_what_are_no_limits_is_told_at_once(model, limits):
    with pytest.raises(Sam2Error, match="limits"):
        VideoTracker(model, STACK, limits=limits)
    steps = track_stack(
        array_stack(STACK, "zyx"), [], lambda *_, **__: None, axes=["z"], limits=limits
    )
    with pytest.raises(Sam2Error, match="limits"):
        next(steps)


def test_a_quality_is_given_by_its_name():
    assert TrackerOptions(quality="fast").quality.recent_frames == 2
    assert load_model("nano", device="cpu", quality="fast").config.image_size == 128
    with pytest.raises(Sam2Error, match="choose one of exact"):
        load_model("nano", quality="quick")


def test_other_options_are_told_at_once(model):
    with pytest.raises(Sam2Error, match="TrackerOptions"):
        VideoTracker(model, STACK, options={"window": "off"})
    with pytest.raises(Sam2Error, match="WindowOptions"):
        TrackerOptions(window="off")


def test_volumes_are_not_taken_for_channels(model):
    volumes = np.zeros((3, 20, 20, 20), np.uint8)
    with pytest.raises(Sam2Error, match="use track_stack"):
        VideoTracker(model, volumes)
    with pytest.raises(Sam2Error, match="20 channels"):
        ImagePredictor(model, volumes[0])
    assert VideoTracker(model, volumes, channels=(0,)).frames.shape_hw == (20, 20)


def test_channels_are_several_numbers(model):
    with pytest.raises(Sam2Error, match="channels=\\(1,\\)"):
        VideoTracker(model, np.zeros((3, 20, 20, 2), np.uint8), channels=1)


def test_a_stack_with_axes_is_not_an_array(model):
    with pytest.raises(Sam2Error, match=r"stack\.array"):
        VideoTracker(model, array_stack(STACK, "zyx"))


def test_probabilities_are_no_mask():
    with pytest.raises(Sam2Error, match=r"mask > 0\.5"):
        MaskPrompt(1, 0, np.full((4, 4), 0.3))
    assert MaskPrompt(1, 0, np.eye(4, dtype=np.float32)).mask.sum() == 4
