"""Whatever fails, the dock is idle again and says why until the user has read it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt", reason="the window's tests need pytest-qt")
pytest.importorskip("napari", reason="the window needs napari")

from qtpy.QtWidgets import QApplication

from napari_sam2.control import Activity, TrackerRequest
from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.errors import FrameError, GpuMemoryError
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.state import Spill
from napari_sam2.widgets.controls import problem_box
from tests.miniature import seeded_model
from tests.widgets.user import User

pytestmark = pytest.mark.usefixtures("told")


def begin_and_fail(user: User, error: BaseException) -> None:
    """Click, propagate, and have the fifth frame fail."""
    user.factory.fail_at = {4: error}
    user.dock.settings.device = "cpu"  # a new tracker, which fails
    user.click(0, 20, 30)
    user.wait_mask(1, 0)
    user.dock.workbench.track.run()
    user.wait(lambda: user.status.problem is not None)
    user.wait_idle()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (GpuMemoryError("The GPU ran out of memory."), "GPU ran out of memory"),
        (RuntimeError("CUDA out of memory"), "choose a smaller model"),
        (MemoryError(), "Close other programs"),
        (FrameError("Frame 4 could not be read."), "Frame 4 could not be read."),
        (FileNotFoundError(2, "No such file", "a.tif"), "a.tif"),
        (ValueError("shapes differ"), "ValueError: shapes differ"),
    ],
)
def test_a_run_that_fails_leaves_an_idle_dock_and_can_be_repeated(
    working: User, error: Exception, words: str, told: list[Exception]
) -> None:
    begin_and_fail(working, error)
    dock = working.dock
    assert words in dock.status_line.problems.sentences
    assert "are kept" in dock.status_line.message
    assert told == [error]
    assert not dock.status_line._bar.isVisibleTo(dock)
    assert working.status.activity is Activity.IDLE
    working.factory.fail_at.clear()
    assert dock.workbench.track.run_button.isEnabled()
    dock.workbench.track.run_button.click()
    working.wait(lambda: working.document.frames_covered(1) == 10)


def test_what_nobody_foresaw_has_details_to_copy(working: User) -> None:
    begin_and_fail(working, KeyError("weight"))
    box = working.dock.status_line.problems
    box.details_button.click()
    assert box._details.isVisibleTo(working.dock)
    assert "Traceback" in box._details.toPlainText()
    assert "napari-sam2" in box._details.toPlainText()
    box.copy_button.click()
    copied = QApplication.clipboard().text()
    assert "Something unexpected" in copied
    assert "KeyError" in copied
    box.dismiss_button.click()
    assert not box.isVisibleTo(working.dock)


def test_what_was_foreseen_needs_no_details(working: User) -> None:
    begin_and_fail(working, FrameError("Frame 4 could not be read."))
    box = working.dock.status_line.problems
    assert not box.details_button.isVisibleTo(working.dock)
    assert box.dismiss_button.isVisibleTo(working.dock)


def test_an_unread_problem_outlives_what_goes_well_elsewhere(
    working: User, tmp_path: Path
) -> None:
    begin_and_fail(working, FrameError("Frame 4 could not be read."))
    working.dock.workbench.results.save(tmp_path / "labels.tif")
    working.wait((tmp_path / "labels.tif").exists)
    working.wait_idle()
    assert "Saved: " in working.dock.status_line.message
    assert "Frame 4 could not be read." in working.dock.status_line.message


def test_a_problem_goes_at_once_when_the_same_is_asked_for_again(working: User) -> None:
    begin_and_fail(working, FrameError("Frame 4 could not be read."))
    working.factory.fail_at.clear()
    working.dock.workbench.track.run()
    assert not working.dock.status_line.problems.sentences
    working.wait(lambda: working.document.frames_covered(1) == 10)
    working.wait_idle()
    assert "10 frames are done" in working.dock.status_line.message
    assert not working.dock.status_line.problems.sentences


def test_of_files_that_cannot_be_saved_only_the_last_is_told_of(
    working: User, tmp_path: Path
) -> None:
    working.click(0, 20, 30)
    working.wait_mask(1, 0)
    save, box = working.dock.workbench.results.save, working.dock.status_line.problems
    for name in ("one", "two"):
        save(tmp_path / name / "labels.tif")
        working.wait(lambda name=name: f"{name} does not exist" in box.sentences)
        working.wait_idle()
    assert "one does not exist" not in box.sentences
    save(tmp_path / "labels.tif")
    working.wait((tmp_path / "labels.tif").exists)
    assert not box.sentences


def test_a_project_that_is_saved_takes_its_problem_away(
    working: User, tmp_path: Path
) -> None:
    working.click(0, 20, 30)
    working.wait_mask(1, 0)
    projects, box = working.dock.projects, working.dock.status_line.problems
    projects.save_as(tmp_path / "none" / "cells.sam2")
    working.wait(lambda: "none" in box.sentences)
    projects.save_as(tmp_path / "cells.sam2")
    assert not box.sentences
    working.wait((tmp_path / "cells.sam2").exists)


def test_masks_that_find_no_place_on_the_disk_are_told_of_and_kept(
    user_without_window: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cramped = partial(
        Spill, memory_bytes=0, segment_bytes=50, least_bytes=0, folder=tmp_path / "none"
    )
    monkeypatch.setattr("napari_sam2.state.document.Spill", cramped)
    user = user_without_window
    user.open_image(name="cells")
    user.open_dock()
    user.follow(0)
    assert user.document.spill.is_full
    assert "Nothing is lost" in user.dock.status_line.problems.sentences
    assert user.status.activity is Activity.IDLE
    assert all(one.mask.mask.any() for one in user.document.masks.values())


def test_a_problem_that_was_read_goes_when_things_go_well(
    working: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problem_box, "reading_seconds", lambda sentence: 0.0)
    begin_and_fail(working, FrameError("Frame 4 could not be read."))
    box = working.dock.status_line.problems
    assert box.isVisibleTo(working.dock)
    working.factory.fail_at.clear()
    working.dock.workbench.track.run()
    working.wait(lambda: not box.isVisibleTo(working.dock))


def test_a_bug_stays_until_it_is_dismissed(
    working: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problem_box, "reading_seconds", lambda sentence: 0.0)
    begin_and_fail(working, ValueError("shapes differ"))
    working.factory.fail_at.clear()
    working.dock.workbench.track.run()
    working.wait(lambda: working.document.frames_covered(1) == 10)
    working.wait_idle()
    assert "shapes differ" in working.dock.status_line.message


def test_a_second_problem_does_not_hide_the_first(working: User) -> None:
    begin_and_fail(working, FrameError("Frame 4 could not be read."))
    working.session.refuse("An object needs a name.")
    sentences = working.dock.status_line.problems.sentences
    assert "An object needs a name." in sentences
    assert "Frame 4 could not be read." in sentences


def test_a_sentence_can_be_selected_and_is_not_taken_for_markup(working: User) -> None:
    working.session.refuse("a < b & c")
    label = working.dock.status_line.problems._sentences
    assert label.text() == "a < b & c"
    assert label.wordWrap()
    label.setSelection(0, 5)
    assert label.selectedText() == "a < b"


class _LostFrame:
    """A stack on a disk that fails to give one of its frames."""

    shape, ndim, dtype = (10, 40, 60), 3, np.dtype(np.uint8)

    def __init__(self, lost: int) -> None:
        self._pixels = np.random.default_rng(0).integers(0, 99, self.shape, np.uint8)
        self._lost = lost

    def __getitem__(self, index):
        if index[0] == self._lost:
            raise OSError("bad sector")
        return self._pixels[index]


def _follow_with_miniature(
    request: TrackerRequest, _: CancelToken
) -> Iterator[VideoTracker]:
    yield VideoTracker(seeded_model(), request.frames, limits=request.limits)


def test_a_lost_frame_leaves_the_other_way_to_be_followed(
    user_without_window: User,
) -> None:
    user = user_without_window
    user.viewer.add_image(_LostFrame(7), contrast_limits=(0, 99))
    user.factory = _follow_with_miniature
    user.open_dock()
    user.click(4, 20, 30)
    user.wait_mask(1, 4)
    user.dock.workbench.track.run_button.click()
    user.wait(lambda: user.status.problem is not None)
    user.wait_idle()
    assert sorted(user.document.masks.of_object(1)) == [0, 1, 2, 3, 4, 5, 6]
    message = user.dock.status_line.message
    assert "Frame 7 could not be read (bad sector)" in message
    assert "7 of 10 frames are done, and are kept" in message
    assert user.dock.workbench.track.run_button.isEnabled()
    assert user.dock.workbench.track.resume_button.isEnabled()


def test_nothing_is_said_to_be_ready_below_a_warning(working: User) -> None:
    line = working.dock.status_line
    working.dock.workbench.track.run()  # nothing was said yet
    assert "nothing to follow yet" in line.problems.sentences
    assert "Ready." not in line.message
    line.problems.dismiss_button.click()
    assert line.message == "Ready."
