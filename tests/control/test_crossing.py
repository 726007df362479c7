"""A run along several axes: one step of undo, with Stop, Continue and corrections."""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from napari_sam2.control import Activity, Controller, InlineLane
from napari_sam2.control.replaying import Replayed, replay
from napari_sam2.control.stack_work import track_stack
from napari_sam2.control.volume_copy import VolumeCopy
from napari_sam2.core.errors import FrameError
from napari_sam2.core.frames import ArrayFrames
from napari_sam2.core.packing import pack_mask
from napari_sam2.core.prompts import BoxPrompt, FramePrompts
from napari_sam2.core.recipe import Followed, OtherAxis
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.io.reading.arrays import array_stack
from napari_sam2.project.values import Contents
from napari_sam2.state import Document, History, Origin, Settings, edits
from tests.control.conftest import SHAPE, Desk, click
from tests.miniature import seeded_model

BOTH = OtherAxis(1, "y"), OtherAxis(2, "x")
FOLDER = "napari_sam2.control.crossing.spill_folder"
BOX = FramePrompts(box_yxyx=(10, 20, 17, 31))
STEPS = SHAPE[0] + SHAPE[1] + SHAPE[2]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch) -> Path:
    """Return where large temporary files go."""
    monkeypatch.setattr(FOLDER, lambda: tmp_path)
    return tmp_path


@pytest.fixture
def desk(ready_desk: Desk) -> Desk:
    """Return a session with an object that was prompted on a frame."""
    ready_desk.say(1, 4, BOX)
    ready_desk.lane.finish()
    return ready_desk


def run(desk: Desk, **options) -> None:
    desk.controller.run(across=BOTH, **options)


def go_to(desk: Desk, label: str) -> None:
    """Let a run go on until it says so."""
    while label not in (desk.status.progress.label if desk.status.progress else ""):
        desk.lane.step()


def stop_at(desk: Desk, label: str) -> None:
    go_to(desk, label)
    desk.controller.stop()
    desk.lane.finish()


def followed(desk: Desk) -> list[Followed]:
    return [s for s in desk.controller.recorder.steps if isinstance(s, Followed)]


def lengths(desk: Desk) -> list[int]:
    """Return how many frames the stacks have that were followed, in order."""
    return [len(one.frames) for one in desk.factory.tracker.alikes]


def test_all_axes_vote_and_undo_takes_all_of_it_back(desk: Desk, folder: Path) -> None:
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
    assert not list(folder.iterdir()), "nothing is left behind"
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


@pytest.mark.parametrize("label", ["(now along y)", "(now along x)", "(now fusing)"])
def test_continue_goes_on_with_the_axis_it_was_at(desk: Desk, label: str) -> None:
    run(desk)
    stop_at(desk, label)
    assert desk.status.activity is Activity.IDLE
    assert desk.status.message == (
        "Stopped while the axes were being fused: some frames are, others not yet. "
        "Continue fuses all of them."
        if label == "(now fusing)"
        else "Stopped before the axes were fused: 10 of 10 frames are done, and are "
        "kept. Continue goes on, with the axis it was at from its beginning."
    )
    before = len(desk.factory.tracker.alikes)
    desk.controller.resume()
    desk.lane.finish()
    again = {"(now along y)": [40, 60], "(now along x)": [60], "(now fusing)": []}
    assert lengths(desk)[before:] == again[label]
    assert desk.status.message == "Track 1 object: 10 frames are done."
    assert followed(desk)[-1].is_resumed


def test_stopped_along_the_first_axis_it_begins_there_again(desk: Desk) -> None:
    run(desk)
    desk.lane.step(5)
    desk.controller.stop()
    desk.lane.finish()
    assert desk.document.frames_covered(1) == 4
    desk.controller.resume()
    desk.lane.finish()
    assert lengths(desk) == [10, *SHAPE]
    assert desk.document.frames_covered(1) == 10


def test_what_was_said_after_a_stop_is_followed_along_all_axes(
    desk: Desk, folder: Path
) -> None:
    run(desk)
    stop_at(desk, "(now along x)")
    assert list(folder.iterdir())
    desk.say(1, 9, FramePrompts(box_yxyx=(30, 2, 33, 5)))
    desk.lane.finish()
    assert not list(folder.iterdir()), "it is of no use any more"
    desk.controller.resume()
    desk.lane.finish()
    assert lengths(desk) == [*SHAPE, *SHAPE]
    assert not followed(desk)[-1].is_resumed
    assert desk.center(1, 9) == pytest.approx((31.5, 3.5))


def test_a_correction_stops_it_and_is_answered(desk: Desk) -> None:
    run(desk)
    go_to(desk, "(now along y)")
    desk.say(1, 9, click(5, 5))
    assert desk.status.activity is Activity.STOPPING
    desk.lane.finish()
    assert desk.center(1, 9) == pytest.approx((5, 5))
    assert "then Propagate computes it along all axes anew" in desk.status.message
    assert not desk.controller.can_resume
    run(desk)
    desk.lane.finish()
    assert desk.status.message == "Track 1 object: 10 frames are done."
    assert desk.center(1, 9) == pytest.approx((5, 5)), "an answer is not voted on"


def test_undo_in_the_middle_takes_back_what_was_shown(desk: Desk) -> None:
    run(desk)
    go_to(desk, "(now along y)")
    desk.history.undo()
    desk.lane.finish()
    assert set(desk.document.masks.of_object(1)) == {4}
    assert desk.status.activity is Activity.IDLE
    assert not desk.controller.can_resume


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


def test_a_folder_that_is_not_there_is_said(desk: Desk, folder: Path, monkeypatch):
    monkeypatch.setattr(FOLDER, lambda: folder / "gone")
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


class Sitting:
    """A session on noise with a model of noise, whose every pixel matters."""

    def __init__(self, *, is_colour: bool = False) -> None:
        shape = (6, 20, 24, 3) if is_colour else (6, 20, 24)
        pixels = np.random.default_rng(3).integers(0, 255, shape, np.uint8)
        self.frames = ArrayFrames(pixels)
        self.model = seeded_model()
        self.document = Document(frame_count=6, shape_hw=(20, 24))
        self.history = History(self.document)
        self.controller = Controller(
            self.history, Settings(), self.frames, lane=InlineLane(),
            make_tracker=lambda request, token: iter([self.make()]),
        )  # fmt: skip
        for object_id, frame in ((1, 2), (2, 4)):
            self.history.do(edits.add_object(self.document, object_id))
            box = FramePrompts(box_yxyx=(4.0, 5.0, 12.0, 9.0 + 3 * object_id))
            self.say(object_id, frame, box)

    def make(self, _: object = None) -> VideoTracker:
        return VideoTracker(self.model, self.frames)

    def say(self, object_id: int, frame: int, said: FramePrompts) -> None:
        self.history.do(edits.set_prompts(self.document, object_id, frame, said))

    def stop_after(self, steps: int) -> None:
        """Stop the next run after some steps of any kind, as a user does."""

        recorder = self.controller.recorder
        count = recorder.count_frame

        def watch(number: int) -> None:
            count(number)
            if recorder.steps[number].done == steps:
                recorder.count_frame = count
                self.controller.stop()

        recorder.count_frame = watch

    @property
    def contents(self) -> Contents:
        document = self.document
        return Contents(
            dict(document.objects), dict(document.prompts), document.masks.copy(),
            self.controller.recorder.steps,
        )  # fmt: skip

    def replay(self) -> Replayed:
        steps = replay(self.contents, self.make)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return end.value


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


@pytest.mark.parametrize("is_colour", [False, True])
def test_stopping_and_going_on_gives_what_one_run_gives(is_colour: bool) -> None:
    whole, parts = Sitting(is_colour=is_colour), Sitting(is_colour=is_colour)
    whole.controller.run(across=BOTH)
    for steps in (20, 18):
        parts.stop_after(steps)
        parts.controller.run(across=BOTH)
        parts.controller.resume()
    found = [
        {place: one.mask for place, one in each.document.masks.items()}
        for each in (whole, parts)
    ]
    assert found[0] == found[1]
    one_axis = Sitting(is_colour=is_colour)
    one_axis.controller.run()
    alone = {place: one.mask for place, one in one_axis.document.masks.items()}
    assert alone != found[0], "the other axes had their say"
