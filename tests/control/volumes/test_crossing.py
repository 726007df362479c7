"""A run along several axes: what it finds and says, and one step of undo."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from napari_sam2.control import Activity, Controller
from napari_sam2.control.volumes.volume_copy import VolumeCopy
from napari_sam2.core.errors import FrameError
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Document, History, Origin, Settings
from tests.control.across import BOTH, followed, lengths, run
from tests.control.conftest import SHAPE, SPILL_FOLDER, Desk, click

STEPS = SHAPE[0] + SHAPE[1] + SHAPE[2]


@pytest.fixture
def desk(boxed_desk: Desk) -> Desk:
    return boxed_desk


def test_all_axes_vote_and_undo_takes_all_of_it_back(
    desk: Desk, crossing_folder: Path
) -> None:
    before = desk.history.undo_label
    run(desk)
    desk.lane.finish()
    assert lengths(desk) == list(SHAPE)
    wanted = np.zeros(SHAPE[1:], bool)
    wanted[10:18, 20:32] = True
    for frame in range(SHAPE[0]):
        np.testing.assert_array_equal(desk.mask(1, frame).mask.mask, wanted)
    assert desk.mask(1, 4).origin is Origin.PROMPTED
    assert desk.mask(1, 5).origin is Origin.TRACKED
    assert desk.status.message == "Track 1 object: 10 frames are done."
    assert desk.history.undo_label == "Track 1 object along 3 axes"
    (step,) = followed(desk)
    assert step.across == BOTH
    assert not desk.controller.can_resume
    assert not list(crossing_folder.iterdir()), "nothing is left behind"
    desk.history.undo()
    assert set(desk.document.masks.of_object(1)) == {4}
    assert desk.history.undo_label == before


def test_it_says_along_which_axis_it_is_and_how_far(desk: Desk) -> None:
    run(desk)
    desk.lane.finish()
    said = [one.progress for one in desk.statuses if one.progress is not None]
    said = [one for one in said if one.label.startswith("Track")]
    label = "Track 1 object along 3 axes"
    assert list(dict.fromkeys(one.label for one in said)) == [
        label, f"{label} (now along y)", f"{label} (now along x)",
        f"{label} (now fusing)",
    ]  # fmt: skip
    done = [one.done for one in said]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, STEPS + 1)
    assert {one.total for one in said} == {STEPS + 1}
    left = [one.seconds_left for one in desk.statuses if one.progress in said[40:]]
    assert None not in left


def test_only_one_other_axis_may_be_followed(desk: Desk) -> None:
    desk.controller.run(across=BOTH[1:])
    desk.lane.finish()
    assert lengths(desk) == [SHAPE[0], SHAPE[2]]
    assert desk.document.frames_covered(1) == SHAPE[0]


def test_paintings_locked_masks_and_other_objects_stay(desk: Desk) -> None:
    painted = np.zeros(SHAPE[1:], bool)
    painted[2:5, 2:5] = True
    desk.paint(1, 6, painted)
    desk.say(2, 0, click(30, 50))
    desk.lane.finish()
    desk.controller.run(objects=[1])
    desk.lane.finish()
    desk.lock(1, 8)
    locked = desk.mask(1, 8)
    run(desk, objects=[1])
    desk.lane.finish()
    np.testing.assert_array_equal(desk.mask(1, 6).mask.mask, painted)
    assert desk.mask(1, 8) == locked
    assert set(desk.document.masks.of_object(2)) == {0}


def test_a_click_afterwards_corrects_the_mask_that_is_seen(desk: Desk) -> None:
    desk.controller.run()
    desk.lane.finish()
    run(desk)
    desk.lane.finish()
    seen = desk.mask(1, 7)
    desk.say(1, 7, click(12, 22))
    desk.lane.finish()
    given = desk.factory.tracker.previous[1, 7]
    np.testing.assert_array_equal(given, seen.mask.mask)
    removed = [one for one in desk.factory.tracker.log if one[0] == "remove"]
    assert not removed, "nobody believes that it remembers other masks"


def test_a_frame_that_cannot_be_read_is_said_and_the_rest_kept(desk: Desk) -> None:
    frames, broken = desk.frames, 8

    class Broken:
        shape_hw, dtype, is_rgb = frames.shape_hw, frames.dtype, False

        def __len__(self):
            return len(frames)

        def __getitem__(self, frame):
            if frame == broken:
                raise FrameError("Frame 8 is broken.")
            return frames[frame]

    desk.controller.set_frames(Broken())
    desk.lane.finish()
    like_me = desk.factory.tracker.like_me

    def make(request):
        made = like_me(request)
        if len(request.frames) == SHAPE[0]:
            made.fail_at = {8: FrameError("Frame 8 is broken.")}
        return made

    desk.factory.tracker.like_me = make
    run(desk)
    desk.lane.finish()
    assert desk.status.message.startswith("Frame 8 is broken.")
    assert "4 of 10 frames are done, and are kept" in desk.status.message
    assert desk.controller.can_resume
    desk.factory.tracker.like_me = like_me
    desk.controller.resume()
    desk.lane.finish()
    assert desk.status.message == "Track 1 object: 10 frames are done."


def test_a_full_disk_is_said_and_what_is_found_is_kept(desk: Desk, monkeypatch) -> None:
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(VolumeCopy, "_read", fail)
    run(desk)
    desk.lane.finish()
    assert "do not fit there: No space left on device" in desk.status.message
    assert "10 of 10 frames are done, and are kept" in desk.status.message
    assert desk.status.activity is Activity.IDLE


def test_a_volume_that_is_too_large_is_refused_at_once(desk: Desk, monkeypatch) -> None:
    usage = SimpleNamespace(free=np.prod(SHAPE) - 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    run(desk)
    desk.lane.finish()
    assert "the volume is copied to" in desk.status.message
    assert "do not fit there" in desk.status.message
    assert set(desk.document.masks.of_object(1)) == {4}, "nothing was computed"
    usage.free += 1
    run(desk)
    desk.lane.finish()
    assert desk.status.message == "Track 1 object: 10 frames are done."


def test_a_folder_that_is_not_there_is_said(
    desk: Desk, crossing_folder: Path, monkeypatch
):
    monkeypatch.setattr(SPILL_FOLDER, lambda: crossing_folder / "gone")
    run(desk)
    desk.lane.finish()
    assert "cannot be written to" in desk.status.message
    assert desk.status.activity is Activity.IDLE


def test_volumes_at_many_positions_are_refused(slow_desk: Desk) -> None:
    document = Document(frame_count=10, shape_hw=SHAPE[1:], series_length=5)
    controller = Controller(
        History(document), Settings(), slow_desk.frames, lane=slow_desk.lane,
        make_tracker=slow_desk.factory,
    )  # fmt: skip
    controller.run(objects=[1], across=BOTH)
    assert "single volumes only" in controller.status.message


def test_objects_do_not_overlap_and_give_way_to_answers(desk: Desk) -> None:
    desk.say(2, 6, FramePrompts(box_yxyx=(12, 25, 22, 40)))
    desk.lane.finish()
    answers = desk.mask(1, 4).mask.mask, desk.mask(2, 6).mask.mask
    assert (answers[0] & answers[1]).any()
    run(desk)
    desk.lane.finish()
    for frame in range(SHAPE[0]):
        one, other = (desk.mask(i, frame).mask.mask for i in (1, 2))
        assert not (one & other).any()
        np.testing.assert_array_equal(one | other, answers[0] | answers[1])
    np.testing.assert_array_equal(desk.mask(1, 4).mask.mask, answers[0])
    np.testing.assert_array_equal(desk.mask(2, 6).mask.mask, answers[1])
