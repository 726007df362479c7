"""Work is in a recovery file soon after it was done, and only while it has to be."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_sam2.core.errors import ProjectError
from napari_sam2.core.recipe import Followed, Made, Removed
from napari_sam2.project import recovery
from napari_sam2.project.recovery import find_recoverable
from napari_sam2.state import edits
from tests.control.manual_lane import ManualLane
from tests.project.conftest import Desk
from tests.project.projects import SHAPE_HW, disc


def test_nothing_is_written_before_anything_changes(desk: Desk) -> None:
    desk.autosave.tick()
    desk.autosave.save()
    assert not desk.folder.exists()


def test_changes_that_wait_behind_a_first_that_fails_come_with_everything(
    tmp_path: Path,
) -> None:
    (tmp_path / "state").write_text("in the way")
    desk = Desk(tmp_path / "state" / "recovery", ManualLane())
    for frame in (3, 2):
        desk.paint(frame)
        desk.autosave.save()
    desk.lane.finish()
    assert [type(one) for one in desk.problems] == [ProjectError]
    (tmp_path / "state").unlink()
    desk.autosave.save()
    desk.lane.finish()
    desk.crash()
    desk.assert_recovered()


def test_changes_are_recovered_after_a_crash(desk: Desk) -> None:
    desk.paint(3)
    desk.autosave.tick()
    desk.paint(2)
    desk.document.apply(edits.rename_object(desk.document, 1, "daughter"))
    desk.document.apply(edits.remove_object(desk.document, 7))
    desk.steps = (*desk.steps[:-1], Removed(7), Made("tiny"))
    desk.autosave.save()
    desk.crash()
    desk.assert_recovered()


def test_divisions_are_recovered_after_a_crash(desk: Desk) -> None:
    document = desk.document
    halves = disc(6, 8, 3) | disc(6, 30, 3)
    document.apply(edits.paint_mask(document, 1, 3, halves))
    desk.autosave.tick()
    document.apply(edits.divide_object(document, 1, 3))
    desk.autosave.save()
    desk.crash()
    desk.assert_recovered()


def test_divisions_that_were_undone_are_not_recovered(desk: Desk) -> None:
    document = desk.document
    halves = disc(6, 8, 3) | disc(6, 30, 3)
    document.apply(edits.paint_mask(document, 1, 3, halves))
    undo = document.apply(edits.divide_object(document, 1, 3))
    desk.autosave.save()
    document.apply(undo)
    desk.autosave.save()
    desk.crash()
    desk.assert_recovered()


def test_what_older_programs_would_misread_is_marked_as_soon_as_it_is(desk) -> None:
    def version() -> int:
        return int.from_bytes(desk.autosave.path.read_bytes()[60:64], "big")

    desk.paint(3)
    desk.autosave.save()
    assert version() == 2
    beside = replace(desk.header.stack, beside=("green",))
    desk.header = replace(desk.header, stack=beside)
    desk.paint(2)
    desk.autosave.save()
    assert version() == 3
    desk.crash()
    desk.assert_recovered()


def test_a_run_that_goes_on_is_written_as_far_as_it_is(desk: Desk) -> None:
    desk.paint(0)
    desk.steps = (*desk.steps, Followed((1,), done=3))
    desk.autosave.save()
    desk.paint(1)
    desk.steps = (*desk.steps[:-1], Followed((1,), done=4))
    desk.autosave.save()
    desk.crash()
    desk.assert_recovered()


def test_only_frames_that_changed_are_written(desk: Desk, monkeypatch) -> None:
    desk.paint(3)
    desk.autosave.save()
    desk.paint(4)
    taken = desk.autosave._take_changes()
    assert taken.frames == {4}
    assert {frame: set(row) for frame, row in taken.masks.items()} == {4: {1, 7}}
    assert taken.steps == ()


def test_a_session_at_work_is_left_alone(desk: Desk) -> None:
    desk.paint(3)
    desk.autosave.save()
    assert find_recoverable(desk.folder) == []
    code = (
        "import sys; from pathlib import Path;"
        "from napari_sam2.project.recovery import find_recoverable;"
        "print(len(find_recoverable(Path(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", code, str(desk.folder)]
    for expected in ("0", "1"):
        said = subprocess.run(command, capture_output=True, text=True, check=True)
        assert said.stdout.strip() == expected
        desk.crash()


def test_two_sessions_have_two_files(tmp_path: Path) -> None:
    desks = [Desk(tmp_path), Desk(tmp_path)]
    for desk in desks:
        desk.paint(3)
        desk.autosave.save()
    desks[0].autosave.close()
    desks[1].paint(4)
    desks[1].autosave.save()
    desks[1].crash()
    desks[1].assert_recovered()


def test_a_clean_end_leaves_nothing(desk: Desk) -> None:
    desk.paint(3)
    desk.autosave.save()
    desk.autosave.close()
    desk.autosave.close()
    assert list(desk.folder.iterdir()) == []
    desk.paint(4)
    desk.autosave.save()
    assert list(desk.folder.iterdir()) == []


def test_saving_the_project_leaves_nothing_to_recover(desk: Desk) -> None:
    desk.paint(3)
    desk.autosave.save()
    desk.autosave.mark_saved(desk.autosave.generation, Path("/data/work.sam2"))
    assert list(desk.folder.iterdir()) == []
    desk.paint(4)
    desk.autosave.save()
    desk.crash()
    desk.assert_recovered()
    assert find_recoverable(desk.folder)[0].project_path == Path("/data/work.sam2")


def test_what_changed_while_the_project_was_saved_stays(desk: Desk) -> None:
    generation = desk.autosave.generation
    desk.paint(3)
    desk.autosave.mark_saved(generation, Path("/data/work.sam2"))
    desk.autosave.save()
    desk.crash()
    desk.assert_recovered()


def test_what_was_never_written_is_written_next_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ManualLane())
    desk.paint(3)
    desk.autosave.save()
    desk.lane.tasks[0].token.cancel()
    desk.lane.finish()
    assert desk.autosave.has_changes
    desk.autosave.save()
    desk.lane.finish()
    desk.crash()
    desk.assert_recovered()


def test_a_full_disk_is_told_and_tried_again(desk: Desk, monkeypatch) -> None:
    desk.paint(3)
    desk.autosave.save()
    put = recovery._put

    def fail(*args: object) -> None:
        put(*args)
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr(recovery, "_put", fail)
    desk.paint(4)
    desk.autosave.save()
    (problem,) = desk.problems
    assert isinstance(problem, ProjectError)
    assert "the disk is full" in str(problem)
    assert desk.autosave.has_changes
    monkeypatch.setattr(recovery, "_put", put)
    desk.autosave.save()
    desk.crash()
    desk.assert_recovered()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    desk = Desk(tmp_path / "state" / "recovery")
    desk.paint(3)
    desk.autosave.save()
    assert "cannot be saved as you go" in str(desk.problems[0])


def test_what_could_not_be_recovered_is_told_and_not_written(desk: Desk) -> None:
    desk.paint(3)
    desk.autosave.save()
    too_large = edits.paint_masks(
        desk.document, {(2**32, 4): np.ones(SHAPE_HW, bool)}, names={2**32: ""}
    )
    undo = desk.document.apply(too_large)
    desk.autosave.save()
    assert "the number of an object is 4294967296" in str(desk.problems[0])
    desk.document.apply(undo)
    desk.crash()
    desk.assert_recovered()
