"""A run along several axes is done again to the pixel, and as the command does it."""

from __future__ import annotations

from functools import partial

import pytest

from napari_sam2.control.volumes.stack_work import track_stack
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import BoxPrompt
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.io.reading.arrays import array_stack
from tests.control.across import BOTH, Sitting
from tests.control.conftest import click

pytestmark = pytest.mark.usefixtures("crossing_folder")


@pytest.mark.parametrize("stop", [3, 11, 60])
def test_it_is_replayed_to_the_pixel_wherever_it_was_stopped(stop: int) -> None:
    sitting = Sitting()
    sitting.controller.run(frames=range(1, 5))
    sitting.stop_after(stop)
    sitting.controller.run(across=BOTH)
    assert sitting.controller.can_resume
    sitting.controller.resume()
    assert sitting.controller.status.problem is None
    assert len(sitting.document.masks) == 12
    sitting.say(1, 5, click(6, 6))
    sitting.controller.run(objects=[1], across=BOTH[:1], direction="forward")
    replayed = sitting.replay()
    assert (replayed.changed, replayed.unknown) == (0, 0)
    assert replayed.contents == sitting.contents


def test_the_command_finds_the_same_but_where_one_prompted() -> None:
    sitting = Sitting()
    sitting.controller.run(across=BOTH)
    options = TrackerOptions(keeps_probabilities=True)
    steps = track_stack(
        array_stack(sitting.frames.array, "zyx"),
        [
            BoxPrompt(object_id, frame, said.box_yxyx)
            for (object_id, frame), said in sitting.document.prompts.items()
        ],
        partial(VideoTracker, sitting.model, options=options),
        axes=["z", "y", "x"],
        limits=sitting.make().limits,
    )
    found = {
        (one.object_id, one.frame): pack_mask(one.mask)
        for step in steps
        for one in step.result
    }
    seen = {place: one.mask for place, one in sitting.document.masks.items()}
    differing = {place for place, mask in found.items() if mask != seen[place]}
    assert len(found) == 12
    prompted = {frame for _, frame in sitting.document.prompts}
    assert {frame for _, frame in differing} <= prompted
