"""A tracker sees its frames as was chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_sam2.core.axes import Axis
from napari_sam2.core.frames.bleaching import SteadyFrames
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.positions import Positions
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.quality import EXACT, Quality
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.setting_up import set_up_tracker
from napari_sam2.engine.views.window import WindowOptions

ONE = Positions((Axis("t", 1),), (0,), (range(1),), (0,))
FEW = Quality("few", recent_frames=1)
FADING = (1000 * np.exp(-0.1 * np.arange(12))).astype(np.uint16)
STACK = np.broadcast_to(FADING[:, None, None], (12, 32, 32)) * np.eye(
    32, dtype=np.uint16
)


def test_what_bleaches_is_shown_as_bright_as_at_first(miniature) -> None:
    plain = set_up_tracker(miniature, ArrayFrames(STACK))
    assert isinstance(plain.frames, ArrayFrames)
    steady = set_up_tracker(miniature, ArrayFrames(STACK), corrects_bleaching=True)
    assert isinstance(steady.frames, SteadyFrames)
    assert steady.frames[11].max() > 0.9 * STACK[0].max()


def test_colour_pictures_are_left_as_they_are(miniature) -> None:
    film = ArrayFrames(np.zeros((3, 32, 32, 3), np.uint8))
    tracker = set_up_tracker(miniature, film, corrects_bleaching=True)
    assert tracker.frames is film


def test_a_stack_is_seen_alike_alone_and_among_positions(miniature) -> None:
    window = WindowOptions(mode="on")
    chosen = TrackerOptions(window=window, feature_cache_bytes=1 << 20, quality=FEW)
    frames = ArrayFrames(STACK)
    alone = set_up_tracker(miniature, frames, options=chosen)
    among = set_up_tracker(miniature, AllFrames(ONE, lambda _: frames), options=chosen)
    made = among.make(among.seen_at((0,)))
    assert alone.options is made.options is chosen
    assert alone.limits == made.limits
    assert alone.precision == among.precision == miniature.precision == "float32"


def test_probabilities_are_kept_on_request(miniature) -> None:
    for is_kept in (False, True):
        options = TrackerOptions(keeps_probabilities=is_kept)
        tracker = set_up_tracker(miniature, ArrayFrames(STACK), options=options)
        found = tracker.set_prompts(1, 0, FramePrompts(((8.0, 8.0),), (True,)))
        assert found is not None
        assert (found.soft is not None) == is_kept


def test_fewer_of_the_last_frames_are_looked_back_at(miniature) -> None:
    frames = ArrayFrames(STACK)
    exact, few = (
        set_up_tracker(miniature, frames, options=TrackerOptions(quality=quality))
        for quality in (EXACT, FEW)
    )
    found = []
    for tracker in (exact, few):
        tracker.set_prompts(1, 0, FramePrompts(((8.0, 8.0),), (True,)))
        found.append([frame[1].predicted_iou for frame in tracker.propagate()])
    assert few.quality is FEW
    assert found[0][:3] == found[1][:3]  # there was nothing to leave out yet
    assert found[0][3:] != found[1][3:]


def test_other_frames_are_seen_alike_and_say_how_probable_objects_are(miniature):
    chosen = TrackerOptions(window=WindowOptions(mode="on"), quality=FEW)
    tracker = set_up_tracker(miniature, ArrayFrames(STACK), options=chosen)
    turned = ArrayFrames(STACK.transpose(1, 0, 2))
    made = tracker.alike(turned)
    assert made.frames is turned
    assert made.limits == tracker.limits
    assert made.options == replace(chosen, keeps_probabilities=True)
    said = FramePrompts(box_yxyx=(2.0, 4.0, 8.0, 20.0))
    assert made.set_prompts(1, 3, said).soft is not None
    assert tracker.object_ids == ()
