"""A run at one time of volumes at many goes on in another session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_sam2.control.runs import run_keeper
from napari_sam2.state import edits
from tests.control.sittings import FRAMES, SittingAtTimes, pixels, seen

STACK = np.stack([pixels(seed) for seed in range(3)])
HERE = range(FRAMES, 2 * FRAMES)


def begin(model) -> SittingAtTimes:
    """Prompt an object at two times, and begin a run at the second of them."""
    sitting = SittingAtTimes(model, stack=STACK)
    for object_id in (1, 2, 3):
        sitting.history.do(edits.add_object(sitting.document, object_id))
    sitting.say(1, 3, (15.0, 15.0))
    for object_id in (1, 2):
        sitting.say(object_id, HERE[4], (15.0, 16.0), (12.0, 10.0 + 9 * object_id))
    sitting.controller.run(frames=HERE)
    return sitting


@pytest.fixture
def whole(miniature) -> dict:
    sitting = begin(miniature)
    sitting.lane.finish()
    return seen(sitting)


@pytest.mark.parametrize("steps", [1, 5, 9])
def test_masks_are_those_of_one_run(
    miniature, whole, tmp_path: Path, steps: int
) -> None:
    before = begin(miniature)
    before.lane.step(1 + steps)
    before.stop()
    after = SittingAtTimes(miniature, before.save(tmp_path / "a.sam2"), stack=STACK)
    assert after.controller.can_resume
    assert "A run was stopped:" in after.controller.status.message
    assert seen(after) == seen(before)
    after.go_on()
    assert seen(after) == whole
    assert after.controller.recorder.left is None


def test_it_goes_on_after_a_crash(
    miniature, whole, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(run_keeper, "FIRST_SECONDS", 0.0)
    before = begin(miniature)
    before.lane.step(6)
    after = SittingAtTimes(miniature, before.save(tmp_path / "a.sam2"), stack=STACK)
    after.go_on()
    assert seen(after) == whole


def test_what_was_said_at_another_time_meanwhile_is_kept(
    miniature, tmp_path: Path
) -> None:
    before = begin(miniature)
    before.lane.step(6)
    before.stop()
    before.say(3, 2 * FRAMES + 1, (20.0, 22.0))
    before.say(1, HERE[5], (14.0, 18.0), (30.0, 4.0), positive=(1, 0))
    after = SittingAtTimes(miniature, before.save(tmp_path / "a.sam2"), stack=STACK)
    for sitting in (before, after):
        sitting.go_on()
    assert seen(after) == seen(before)


def test_other_pixels_are_told_from_these(miniature, tmp_path: Path) -> None:
    before = begin(miniature)
    before.lane.step(6)
    before.stop()
    contents = before.save(tmp_path / "a.sam2")
    other = STACK.copy()
    other[1, 4] += 1
    assert not SittingAtTimes(miniature, contents, stack=other).controller.can_resume
    none = replace(contents, left=None)
    assert not SittingAtTimes(miniature, none, stack=STACK).controller.can_resume
