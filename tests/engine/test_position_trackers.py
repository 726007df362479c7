"""Many positions behave as one tracker, and each of them as if there were no other."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from napari_sam2.core.axes import Axis
from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.errors import FrameError, GpuMemoryError, NoPromptError, Sam2Error
from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.frames.of_positions import AllFrames
from napari_sam2.core.frames.source import ArrayFrames
from napari_sam2.core.positions import Positions
from napari_sam2.core.prompts import FramePrompts, PointPrompt
from napari_sam2.core.quality import FAST
from napari_sam2.engine import position_shelf
from napari_sam2.engine.objects.tracks import ObjectTracks
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.setting_up import set_up_tracker
from napari_sam2.engine.tracker import VideoTracker

TIMES, SLICES = 6, 5
STACK = np.random.default_rng(0).integers(0, 255, (TIMES, SLICES, 40, 48), np.uint8)
POSITIONS = Positions((Axis("t", TIMES),), (0,), (range(TIMES),), (0,))
LIMITS = as_limits(0, 255)
CLICK = FramePrompts(points_yx=((20.0, 24.0),), positive=(True,))
BOX = FramePrompts(box_yxyx=(5.0, 5.0, 20.0, 30.0))


def frames_at(position) -> ArrayFrames:
    return ArrayFrames(STACK[position[0]])


@pytest.fixture
def trackers(miniature):
    return set_up_tracker(miniature, AllFrames(POSITIONS, frames_at), limits=LIMITS)


def alone(model, time: int) -> VideoTracker:
    return VideoTracker(model, frames_at((time,)), limits=LIMITS)


def same(one, other, first: int) -> None:
    """Check that results are alike but for the number of the first frame."""
    assert [r.frame for r in one] == [first + r.frame for r in other]
    for mine, theirs in zip(one, other, strict=True):
        assert [m.frame for m in mine] == [mine.frame] * len(theirs)
        for a, b in zip(mine, theirs, strict=True):
            assert (a.object_id, a.predicted_iou) == (b.object_id, b.predicted_iou)
            np.testing.assert_array_equal(a.mask, b.mask)


def test_each_position_is_tracked_as_if_it_were_alone(trackers, miniature) -> None:
    answer = trackers.set_prompts(1, 2 * SLICES + 3, CLICK)
    assert answer.frame == 2 * SLICES + 3
    trackers.set_prompts(2, 4 * SLICES, BOX)
    trackers.set_prompts(1, 4 * SLICES + 1, CLICK)
    single, other = alone(miniature, 2), alone(miniature, 4)
    single.set_prompts(1, 3, CLICK)
    other.set_prompts(2, 0, BOX)
    other.set_prompts(1, 1, CLICK)
    found = list(trackers.propagate())
    assert len(trackers.plan()) == len(found)
    of_first = [r for r in found if r.frame < 3 * SLICES]
    same(of_first, list(single.propagate()), 2 * SLICES)
    same(found[len(of_first) :], list(other.propagate()), 4 * SLICES)


def test_a_run_at_one_position_leaves_the_others_alone(trackers) -> None:
    trackers.set_prompts(1, 0, CLICK)
    trackers.set_prompts(1, SLICES, CLICK)
    here = range(SLICES, 2 * SLICES)
    found = list(trackers.propagate(frames=here, objects=[1, 7]))
    assert [result.frame for result in found] == list(here)
    with pytest.raises(NoPromptError, match="at this position"):
        trackers.propagate(frames=range(2 * SLICES, 3 * SLICES))
    with pytest.raises(NoPromptError):
        trackers.propagate(objects=[2])


@pytest.mark.parametrize("stop_after", [1, SLICES - 1, SLICES, SLICES + 2])
def test_a_run_that_was_stopped_goes_on_where_it_was(
    trackers, miniature, stop_after: int
) -> None:
    for time in (1, 3):
        trackers.set_prompts(1, time * SLICES, CLICK)
    token, found = CancelToken(), []
    for result in trackers.propagate(token=token):
        found.append(result)
        if len(found) == stop_after:
            token.cancel()
    assert len(found) == stop_after
    assert trackers.is_paused
    found += trackers.resume()
    assert not trackers.is_paused
    for time, part in ((1, found[:SLICES]), (3, found[SLICES:])):
        single = alone(miniature, time)
        single.set_prompts(1, 0, CLICK)
        same(part, list(single.propagate()), time * SLICES)
    with pytest.raises(NoPromptError, match="No run was stopped"):
        trackers.resume()


def stopped(trackers, after: int) -> list:
    """Say something at two positions, and stop a run there after some frames."""
    for time in (1, 3):
        trackers.set_prompts(1, time * SLICES, CLICK)
    run = trackers.propagate()
    found = list(islice(run, after))
    run.close()
    return found


@pytest.mark.parametrize("frame", [2, SLICES + 2, 3 * SLICES + 2])
def test_a_stopped_run_goes_on_although_a_spare_object_came_and_went(
    trackers, miniature, frame: int
) -> None:
    found = stopped(trackers, 2)
    trackers.set_prompts(99, frame, BOX)
    trackers.set_prompts(98, frame, BOX)
    trackers.remove_object(99)
    trackers.set_prompts(98, frame, FramePrompts())
    found += trackers.resume()
    single = alone(miniature, 1)
    single.set_prompts(1, 0, CLICK)
    same(found[:SLICES], list(single.propagate()), SLICES)
    assert [result.frame for result in found[SLICES:]] == [*range(15, 20)]


@pytest.mark.parametrize("frame", [SLICES, 3 * SLICES, None])
def test_a_stopped_run_is_over_where_its_object_is_taken_back(trackers, frame) -> None:
    stopped(trackers, 2)
    if frame is None:
        trackers.remove_object(1)
    else:
        trackers.set_prompts(1, frame, FramePrompts())
    assert not trackers.is_paused


def test_what_is_done_can_be_taken_back_in_a_stopped_run(trackers) -> None:
    stopped(trackers, SLICES + 2)
    trackers.set_prompts(1, SLICES, FramePrompts())
    assert len(list(trackers.resume())) == SLICES - 2


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_objects_can_go_during_a_run(trackers, is_withdrawn: bool) -> None:
    for place in ((1, 0), (1, SLICES), (2, SLICES), (2, 2 * SLICES)):
        trackers.set_prompts(*place, CLICK)
    run = trackers.propagate()
    found = [next(run)]
    if is_withdrawn:
        trackers.set_prompts(2, SLICES, FramePrompts())
        trackers.set_prompts(2, 2 * SLICES, FramePrompts())
    else:
        trackers.remove_object(2)
    found += islice(run, 2)
    run.close()
    found += trackers.resume()
    assert [result.frame for result in found] == [*range(2 * SLICES)]
    assert {one.object_id for result in found for one in result} == {1}


def test_the_only_object_can_go_during_a_run(trackers) -> None:
    trackers.set_prompts(1, 0, CLICK)
    trackers.set_prompts(2, SLICES, CLICK)
    run = trackers.propagate()
    next(run)
    trackers.remove_object(1)
    assert [result.frame for result in run] == [*range(SLICES, 2 * SLICES)]
    assert not trackers.is_paused


def test_what_is_no_token_is_told_at_once(trackers) -> None:
    trackers.set_prompts(1, 0, CLICK)
    next(trackers.propagate())
    for begin in (trackers.propagate, trackers.resume):
        with pytest.raises(Sam2Error, match=r"CancelToken\(\)"):
            begin(token=True)


@pytest.fixture
def crowded(trackers, monkeypatch: pytest.MonkeyPatch):
    """Return trackers of which only those of two positions are kept."""
    monkeypatch.setattr(position_shelf, "MOST_KEPT", 2)
    return trackers


def look_elsewhere(trackers) -> None:
    """Say something at every position but the first, so that its tracker goes."""
    for time in range(1, TIMES):
        trackers.set_prompts(2, time * SLICES, CLICK)


def test_a_position_that_was_let_go_knows_what_was_said(crowded, miniature) -> None:
    trackers = crowded
    for time in range(TIMES):
        trackers.set_prompts(1, time * SLICES, CLICK)
        trackers.set_prompts(1, time * SLICES + 2, CLICK)
    trackers.set_prompts(1, 2, FramePrompts())  # at the first position, let go long ago
    assert len(trackers._shelf) == 2
    found = list(trackers.propagate(frames=range(SLICES)))
    single = alone(miniature, 0)
    single.set_prompts(1, 0, CLICK)
    same(found, list(single.propagate()), 0)


def test_a_refined_mask_is_the_same_after_a_look_elsewhere(crowded, miniature) -> None:
    single = alone(miniature, 0)
    for one in (single, crowded):
        one.set_prompts(1, 0, CLICK)
        refined = one.set_prompts(1, 0, CLICK.with_prompt(PointPrompt(1, 0, (30, 10))))
    look_elsewhere(crowded)
    found = list(crowded.propagate(frames=range(SLICES)))
    same(found, list(single.propagate()), 0)
    np.testing.assert_array_equal(found[0][1].mask, refined.mask)


def test_a_correction_holds_after_a_look_elsewhere(crowded, miniature) -> None:
    single, away = alone(miniature, 0), FramePrompts(((30.0, 10.0),), (False,))
    for one in (single, crowded):
        one.set_prompts(1, 0, CLICK)
        list(one.propagate())
        one.set_prompts(1, 3, away)
    look_elsewhere(crowded)
    same(list(crowded.propagate(frames=range(SLICES))), list(single.propagate()), 0)


def test_a_position_that_finds_no_room_is_not_lost(crowded, miniature, monkeypatch):
    def no_room(self: ObjectTracks, where: torch.device) -> ObjectTracks:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    crowded.set_prompts(1, 0, CLICK)
    crowded.set_prompts(1, SLICES, CLICK)
    with monkeypatch.context() as full:
        full.setattr(ObjectTracks, "prompted_only", no_room)
        with pytest.raises(GpuMemoryError, match="The computer ran out of memory"):
            crowded.set_prompts(1, 2 * SLICES, CLICK)
    single = alone(miniature, 0)
    single.set_prompts(1, 0, CLICK)
    same(list(crowded.propagate(frames=range(SLICES))), list(single.propagate()), 0)
    crowded.set_prompts(1, 2 * SLICES, CLICK)
    crowded.remove_object(1)
    with pytest.raises(NoPromptError):
        crowded.propagate()


def test_an_object_is_forgotten_where_nobody_looks(crowded) -> None:
    crowded.set_prompts(1, 0, CLICK)
    crowded.set_prompts(3, 1, CLICK)
    look_elsewhere(crowded)
    crowded.remove_object(1)
    found = crowded.propagate(frames=range(SLICES))
    assert {one.object_id for result in found for one in result} == {3}


@pytest.mark.parametrize("frame", [-1, TIMES * SLICES, TIMES * SLICES + 2])
def test_there_are_no_other_frames_than_those_of_all_positions(trackers, frame) -> None:
    with pytest.raises(FrameError, match="the stack has 30 frames"):
        trackers.set_prompts(1, frame, CLICK)
    with pytest.raises(NoPromptError):
        trackers.propagate()


def test_objects_are_forgotten_everywhere(trackers) -> None:
    for time in (0, 3):
        trackers.set_prompts(1, time * SLICES, CLICK)
        trackers.set_prompts(2, time * SLICES, BOX)
    trackers.remove_object(1)
    assert {one.object_id for result in trackers.propagate() for one in result} == {2}
    trackers.set_prompts(2, 0, FramePrompts())
    assert {r.frame // SLICES for r in trackers.propagate()} == {3}
    trackers.remove_object(2)
    with pytest.raises(NoPromptError):
        trackers.propagate()


def test_black_white_and_fading_are_those_of_all_positions(miniature) -> None:
    light = np.exp(-0.3 * np.arange(TIMES))[:, None, None, None]
    fading = (light * (100 + 5 * np.eye(40, 48) * np.ones((SLICES, 1, 1)))) * 100
    stack = fading.astype(np.uint16)
    frames = AllFrames(POSITIONS, lambda position: ArrayFrames(stack[position[0]]))
    plain = set_up_tracker(miniature, frames)
    steady = set_up_tracker(miniature, frames, corrects_bleaching=True)
    fast = set_up_tracker(miniature, frames, options=TrackerOptions(quality=FAST))
    assert (fast.quality, fast.precision) == (FAST, "float32")
    limits = {plain.make(plain.seen_at((time,))).limits for time in (0, 3)}
    assert limits == {plain.limits}
    last = steady.seen_at((TIMES - 1,))[2]
    assert last.max() == pytest.approx(stack[0].max(), rel=0.1)
