"""A run that a crash broke off goes on from where it was kept last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from napari_sam2.control.runs import run_keeper
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import edits
from tests.control.sittings import Sitting, seen


@pytest.fixture(autouse=True)
def kept_once(monkeypatch) -> None:
    """Keep a run after its first frame, and not for a while then."""
    monkeypatch.setattr(run_keeper, "FIRST_SECONDS", 0.0)


def test_a_killed_run_goes_on_from_where_it_was_kept_last(
    miniature, whole, tmp_path: Path
) -> None:
    """Masks that were kept meanwhile are computed again, and are the same."""
    before = Sitting(miniature)
    before.prompt()
    before.run_until(7)
    assert before.controller.recorder.left.done == 1
    after = Sitting(miniature, before.save(tmp_path / "cells.sam2"))
    assert after.controller.status.message == (
        "A run was stopped: 7 of 12 frames have masks, and are kept. Continue goes on "
        "where the run was kept last, after 1 of them. nano is ready."
    )
    assert seen(after) == seen(before)
    after.go_on()
    assert seen(after) == whole
    replayed = after.replay()
    assert (replayed.changed, replayed.unknown) == (0, 0)


def test_a_correction_after_a_crash_is_done_again_at_its_place(
    miniature, tmp_path: Path
) -> None:
    """The run had gone further than the tracker that is corrected."""
    before = Sitting(miniature)
    before.prompt()
    before.run_until(7)
    after = Sitting(miniature, before.save(tmp_path / "cells.sam2"))
    after.controller.resume()
    after.lane.step(2)
    after.say(1, 6, (14.0, 18.0), (14.0, 30.0), positive=(1, 0))
    again = Sitting(miniature, after.save(tmp_path / "cells.sam2"))
    for sitting in (after, again):
        for _ in range(2):
            replayed = sitting.replay()
            assert (replayed.changed, replayed.unknown) == (0, 0)
            sitting.go_on()
    assert seen(again) == seen(after)


def test_a_run_with_words_in_what_is_to_come_again_is_not_offered(
    miniature, tmp_path: Path
) -> None:
    sitting = Sitting(miniature)
    sitting.prompt()
    sitting.run_until(5)
    early = sitting.controller.recorder.left
    sitting.stop()
    for said in (FramePrompts(points_yx=((14.0, 18.0),), positive=(True,)), None):
        edit = edits.set_prompts(sitting.document, 1, 6, said or FramePrompts())
        sitting.history.do(edit)
        sitting.lane.finish()
    contents = replace(sitting.save(tmp_path / "cells.sam2"), left=early)
    assert not Sitting(miniature, contents).controller.can_resume
