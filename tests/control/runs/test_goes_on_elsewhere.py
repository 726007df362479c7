"""A run that was stopped goes on in another session, as if nothing had come between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from napari_sam2.control.runs import run_keeper
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Settings, edits
from tests.control.sittings import Sitting, pixels, seen
from tests.miniature import seeded_model


@pytest.fixture
def stopped(miniature) -> Sitting:
    sitting = Sitting(miniature)
    sitting.prompt()
    sitting.run_until(5)
    sitting.stop()
    return sitting


@pytest.mark.parametrize(("steps", "frames"), [(1, 1), (5, 5), (11, 10), (13, 11)])
def test_masks_are_those_of_one_run(
    miniature, whole, tmp_path: Path, steps: int, frames: int
) -> None:
    before = Sitting(miniature)
    before.prompt()
    before.run_until(steps)
    before.stop()
    after = Sitting(miniature, before.save(tmp_path / "cells.sam2"))
    assert after.controller.can_resume
    assert seen(after) == seen(before)
    assert (
        f"A run was stopped: {frames} of 12 frames are done, and are kept. Continue "
        "goes on with the rest."
    ) in after.controller.status.message
    after.go_on()
    assert seen(after) == whole
    assert not after.controller.can_resume
    assert after.controller.status.message == "Track 2 objects: 12 frames are done."
    assert after.controller.recorder.left is None


def test_it_is_stopped_and_reopened_again_and_again(
    miniature, whole, tmp_path: Path
) -> None:
    sitting = Sitting(miniature)
    sitting.prompt()
    sitting.run_until(3)
    for steps in (4, 2, 3):
        sitting.stop()
        sitting = Sitting(miniature, sitting.save(tmp_path / "cells.sam2"))
        sitting.controller.resume()
        sitting.lane.step(1 + steps)
    sitting.lane.finish()
    assert seen(sitting) == whole
    assert sitting.controller.status.message == "Track 2 objects: 12 frames are done."


def test_a_run_that_failed_goes_on(miniature, whole, tmp_path: Path) -> None:
    before = Sitting(miniature)
    before.prompt()
    before.frames.broken = {8}
    before.run_until(6)
    before.lane.finish()
    assert "Frame 8" in before.controller.status.message
    after = Sitting(miniature, before.save(tmp_path / "cells.sam2"))
    after.go_on()
    assert seen(after) == whole


def test_corrections_since_the_stop_are_honoured(
    stopped: Sitting, tmp_path: Path, miniature
) -> None:
    stopped.say(1, 6, (14.0, 18.0), (14.0, 30.0), positive=(1, 0))
    stopped.paint(2, 5)
    after = Sitting(miniature, stopped.save(tmp_path / "cells.sam2"))
    assert after.controller.can_resume
    for sitting in (stopped, after):
        sitting.say(1, 5, (15.0, 17.0))  # which hangs on what is remembered
        sitting.go_on()
    assert seen(after) == seen(stopped)
    replayed = after.replay()
    assert (replayed.changed, replayed.unknown) == (0, 0)


def test_a_click_on_a_painted_frame_keeps_the_rest(
    stopped: Sitting, tmp_path: Path, miniature
) -> None:
    stopped.paint(2, 5)
    stopped.say(2, 5, (14.0, 18.0))
    after = Sitting(miniature, stopped.save(tmp_path / "cells.sam2"))
    for sitting in (stopped, after):
        sitting.go_on()
        assert sitting.controller.recorder.steps[-1].is_resumed
    assert seen(after) == seen(stopped)
    replayed = after.replay()
    assert (replayed.changed, replayed.unknown) == (0, 0)


def test_a_correction_during_the_run_is_kept_with_it(miniature, tmp_path: Path) -> None:
    before = Sitting(miniature)
    before.prompt()
    before.run_until(5)
    before.say(1, 3, (14.0, 15.0))
    assert "Stopped for your correction" in before.controller.status.message
    after = Sitting(miniature, before.save(tmp_path / "cells.sam2"))
    for sitting in (before, after):
        sitting.go_on()
    assert seen(after) == seen(before)


def test_prompts_before_the_model_is_there_are_honoured(
    stopped: Sitting, tmp_path: Path, miniature
) -> None:
    after = Sitting(miniature, stopped.save(tmp_path / "cells.sam2"), is_ready=False)
    for sitting in (stopped, after):
        sitting.say(1, 6, (14.0, 18.0))
        assert sitting.controller.can_resume
    again = Sitting(miniature, after.save(tmp_path / "cells.sam2"))
    for sitting in (stopped, after, again):
        sitting.go_on()
        assert seen(sitting) == seen(stopped)


def test_continue_that_is_taken_back_at_once_leaves_it_as_it_was(
    stopped: Sitting, tmp_path: Path, miniature, whole
) -> None:
    stopped.controller.resume()
    stopped.controller.steps.undo()
    stopped.lane.finish()
    assert stopped.controller.can_resume
    after = Sitting(miniature, stopped.save(tmp_path / "cells.sam2"))
    after.go_on()
    assert seen(after) == whole


def test_continue_that_is_stopped_at_once_leaves_it_as_it_was(
    stopped: Sitting, tmp_path: Path, miniature, whole
) -> None:
    after = Sitting(miniature, stopped.save(tmp_path / "cells.sam2"))
    for sitting in (stopped, after):
        sitting.controller.resume()
        sitting.stop()
        assert sitting.controller.can_resume
        assert "Continue goes on with the rest" in sitting.controller.status.message
    again = Sitting(miniature, after.save(tmp_path / "cells.sam2"))
    for sitting in (stopped, after, again):
        sitting.go_on()
        assert seen(sitting) == whole
        assert sitting.controller.status.message.endswith("12 frames are done.")


def test_continue_that_was_refused_is_there_when_the_reason_is_gone(
    stopped: Sitting, tmp_path: Path, miniature, whole
) -> None:
    stopped.say(1, 8, (3.0, 3.0), positive=(0,))
    stopped.go_on()
    assert stopped.controller.status.problem is not None
    nothing = edits.set_prompts(stopped.document, 1, 8, FramePrompts())
    stopped.history.do(nothing)
    stopped.lane.finish()
    assert stopped.controller.can_resume
    after = Sitting(miniature, stopped.save(tmp_path / "cells.sam2"))
    for sitting in (stopped, after):
        sitting.go_on()
        assert seen(sitting) == whole


def test_verdicts_on_masks_change_nothing_of_it(stopped: Sitting) -> None:
    left = stopped.controller.recorder.left
    stopped.history.do(edits.set_flags(stopped.document, [(1, 5)], is_locked=True))
    stopped.lane.finish()
    assert stopped.controller.recorder.left is left


def test_everything_is_done_again_by_the_command_line(
    stopped: Sitting, tmp_path: Path, miniature
) -> None:
    after = Sitting(miniature, stopped.save(tmp_path / "cells.sam2"))
    assert after.controller.recorder.steps == stopped.controller.recorder.steps
    after.go_on()
    after.say(1, 9, (14.0, 20.0))
    replayed = after.replay()
    assert (replayed.changed, replayed.unknown) == (0, 0)
    assert replayed.same == 24


REFUSED = {
    "another image": lambda model, kept: Sitting(model, kept, stack=pixels(1)),
    "another network": lambda model, kept: Sitting(seeded_model(memory_layers=2), kept),
    "another image size": lambda model, kept: Sitting(
        seeded_model(image_size=96), kept
    ),
    "other intensities": lambda model, kept: Sitting(
        model, kept, limits=as_limits(0, 1)
    ),
    "another name of the weights": lambda model, kept: Sitting(
        model, kept, settings=Settings(model="tiny")
    ),
    "another window": lambda model, kept: Sitting(
        model, kept, settings=Settings(window="off")
    ),
    "bleaching corrected": lambda model, kept: Sitting(
        model, kept, settings=Settings(corrects_bleaching=True)
    ),
    "other options": lambda model, kept: Sitting(model, kept, nearest_prompts=1),
    "another run": lambda model, kept: Sitting(
        model, replace(kept, steps=kept.steps[:-1])
    ),
    "damaged": lambda model, kept: Sitting(
        model, replace(kept, left=replace(kept.left, state=kept.left.state[:-9]))
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_run_of_something_else_is_not_offered(
    stopped: Sitting, tmp_path: Path, miniature, what: str
) -> None:
    after = REFUSED[what](miniature, stopped.save(tmp_path / "cells.sam2"))
    assert not after.controller.can_resume
    assert after.controller.status.problem is None
    assert "Continue" not in after.controller.status.message
    assert after.controller.recorder.left is None
    assert seen(after) == seen(stopped)


def test_weights_of_the_same_name_are_told_apart(
    stopped: Sitting, tmp_path: Path
) -> None:
    model = seeded_model()
    with torch.no_grad():
        next(model.parameters()).add_(1e-3)
    after = Sitting(model, stopped.save(tmp_path / "cells.sam2"))
    assert not after.controller.can_resume
    after.controller.run()
    after.lane.finish()
    assert after.controller.status.message == "Track 2 objects: 12 frames are done."


def test_other_prompts_are_not_gone_on_with(
    stopped: Sitting, tmp_path: Path, miniature
) -> None:
    contents = stopped.save(tmp_path / "cells.sam2")
    moved = FramePrompts(points_yx=((15.0, 16.5),), positive=(True,))
    contents = replace(contents, prompts={**contents.prompts, (1, 4): moved})
    assert not Sitting(miniature, contents).controller.can_resume


CHANGES = {
    "undo": lambda sitting: sitting.controller.steps.undo(),
    "all masks deleted": lambda sitting: sitting.controller.clear_masks(),
    "another detail": lambda sitting: setattr(sitting.settings, "image_size", 96),
    "other pixels": lambda sitting: sitting.controller.set_frames(
        ArrayFrames(pixels(1))
    ),
    "the run to its end": lambda sitting: sitting.go_on(),
    "an object deleted": lambda sitting: sitting.history.do(
        edits.remove_object(sitting.document, 2)
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_ends_a_run_for_good_leaves_nothing_of_it(
    stopped: Sitting, tmp_path: Path, what: str
) -> None:
    CHANGES[what](stopped)
    stopped.lane.finish()
    assert stopped.save(tmp_path / "cells.sam2").left is None


def test_propagate_begins_anew_although_it_could_go_on(
    stopped: Sitting, tmp_path: Path, miniature, whole
) -> None:
    contents = stopped.save(tmp_path / "cells.sam2")
    for is_ready in (True, False):
        after = Sitting(miniature, contents, is_ready=is_ready)
        after.controller.run()
        after.lane.finish()
        assert seen(after) == whole
        assert not after.controller.can_resume


def test_a_run_that_takes_too_much_is_not_kept(
    miniature, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(run_keeper, "MOST_BYTES", 1000)
    sitting = Sitting(miniature)
    sitting.prompt()
    sitting.run_until(5)
    sitting.stop()
    assert sitting.controller.can_resume
    assert sitting.controller.status.message == (
        "Stopped: 5 of 12 frames are done, and are kept. Continue goes on with the "
        "rest. Continue works only as long as napari is open: what is remembered of so "
        "many objects is too much to be kept."
    )
    assert sitting.save(tmp_path / "cells.sam2").left is None
    assert sitting.controller.status.problem is None
