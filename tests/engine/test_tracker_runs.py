"""Runs: where they start and end, stopping and going on, directions and ranges."""

from __future__ import annotations

import threading
from itertools import islice

import numpy as np
import pytest
import torch

from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.errors import FrameError, NoPromptError, PromptError, Sam2Error
from napari_sam2.core.prompts import FramePrompts, PointPrompt
from napari_sam2.engine.frames.reading import ReadAhead
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from tests.engine.stacks import LIMITS, Generated, course, session


@pytest.mark.parametrize("direction", ["both", "forward", "backward"])
@pytest.mark.parametrize("stop", [1, 4, 7])
def test_stopped_and_resumed_is_one_run(miniature, direction, stop) -> None:
    whole = course(session(miniature).propagate(direction=direction))
    tracker = session(miniature)
    run = tracker.propagate(direction=direction)
    parts = course(islice(run, stop))
    run.close()
    if stop < len(whole):
        assert tracker.is_paused
        parts += course(tracker.resume())
    assert parts == whole
    assert not tracker.is_paused


def test_stopped_after_every_frame(miniature) -> None:
    whole = course(session(miniature).propagate())
    tracker, parts = session(miniature), []
    run = tracker.propagate()
    while True:
        parts += course([next(run)])
        run.close()
        if len(parts) == len(whole):
            break
        run = tracker.resume()
    assert parts == whole


def test_a_token_stops_before_the_next_frame(miniature) -> None:
    tracker, token = session(miniature), CancelToken()
    seen = []
    for result in tracker.propagate(token=token):
        seen.append(result)
        if len(seen) == 3:
            token.cancel()
    assert len(seen) == 3
    assert list(tracker.resume(token=token)) == []
    assert course(seen) + course(tracker.resume()) == course(
        session(miniature).propagate()
    )


def test_a_stopped_run_does_not_turn_round_to_read(miniature) -> None:
    frames, token = Generated(20), CancelToken()
    tracker = VideoTracker(miniature, frames, limits=LIMITS, options=EXACT)
    tracker.add(PointPrompt(1, 9, (15, 12)))
    frames.read.clear()
    for result in tracker.propagate(token=token):
        if result.frame == 12:
            token.cancel()
    assert min(frames.read) > 9
    assert len(list(tracker.resume())) == 16


@pytest.mark.parametrize("is_removed", [False, True])
def test_frames_are_read_ahead_although_some_were_spared(
    miniature, monkeypatch, is_removed
) -> None:
    missed, take = [], ReadAhead.take

    def watched(self, frame):
        missed.extend([] if frame in self._waiting else [frame])
        return take(self, frame)

    monkeypatch.setattr(ReadAhead, "take", watched)
    tracker = VideoTracker(miniature, Generated(20), limits=LIMITS, options=EXACT)
    tracker.add(PointPrompt(1, 0, (15, 12)))
    tracker.add(PointPrompt(2, 9, (15, 12)))
    for result in tracker.propagate(direction="forward"):
        if result.frame == 5 and is_removed:
            tracker.remove_object(1)
        elif result.frame == 5:
            for frame in (6, 7):
                tracker.add(PointPrompt(1, frame, (15, 12)))
    assert missed == []


def test_only_a_stopped_run_can_be_resumed(miniature) -> None:
    tracker = session(miniature)
    with pytest.raises(NoPromptError, match="No run was stopped"):
        tracker.resume()
    list(tracker.propagate())
    with pytest.raises(NoPromptError, match="No run was stopped"):
        tracker.resume()


def test_what_was_never_said_can_be_taken_back_in_a_stopped_run(miniature) -> None:
    tracker = session(miniature)
    run = tracker.propagate()
    parts = course(islice(run, 4))
    run.close()
    tracker.set_prompts(1, 7, FramePrompts())
    assert parts + course(tracker.resume()) == course(session(miniature).propagate())


def test_what_is_no_token_is_told_before_anything_is_forgotten(miniature) -> None:
    tracker = session(miniature)
    list(islice(tracker.propagate(), 4))
    for begin in (tracker.propagate, tracker.resume):
        with pytest.raises(Sam2Error, match=r"CancelToken\(\)"):
            begin(token=True)
    assert tracker.is_paused
    assert len(tracker._tracks[1].bank.recent) == 3


def test_a_run_that_never_began_changes_nothing(miniature) -> None:
    tracker = session(miniature)
    run = tracker.propagate()
    parts = course(islice(run, 4))
    run.close()
    tracker.propagate(direction="forward")
    tracker.propagate().close()
    parts += course(tracker.resume())
    assert parts == course(session(miniature).propagate())


def test_objects_start_at_their_own_first_prompt(miniature) -> None:
    found = {
        (result.frame, one.object_id)
        for result in session(miniature).propagate(direction="forward")
        for one in result
    }
    firsts = {1: 0, 2: 3, 7: 5}
    assert found == {(f, i) for i, first in firsts.items() for f in range(first, 9)}


@pytest.mark.parametrize("direction", ["both", "forward", "backward"])
@pytest.mark.parametrize("frames", [None, range(2, 6), range(7, 9)])
@pytest.mark.parametrize("objects", [None, [2], (7, 1)])
def test_a_run_follows_its_plan(miniature, direction, frames, objects) -> None:
    tracker = session(miniature)
    chosen = {"direction": direction, "frames": frames, "objects": objects}
    plan = tracker.plan(**chosen)
    results = list(tracker.propagate(**chosen))
    assert len(plan) == len(results)
    assert [(s.frame, s.object_ids) for s in plan.steps()] == [
        (r.frame, tuple(one.object_id for one in r)) for r in results
    ]
    for result in results:
        for one in result:
            assert one.frame == result.frame
            first = {1: 0, 2: 3, 7: 5}[one.object_id]
            assert one.is_prompted == (one.frame == first)


def test_backward_mirrors_forward(miniature) -> None:
    ahead = VideoTracker(miniature, Generated(7), limits=LIMITS, options=EXACT)
    ahead.add(PointPrompt(1, 0, (15, 12)))
    back = VideoTracker(
        miniature, Generated(7, mirrored=True), limits=LIMITS, options=EXACT
    )
    back.add(PointPrompt(1, 6, (15, 12)))
    forward = list(ahead.propagate(direction="forward"))
    backward = list(back.propagate(direction="backward"))
    assert [r.frame for r in backward] == [6 - r.frame for r in forward]
    for a, b in zip(forward, backward, strict=True):
        np.testing.assert_array_equal(a[1].mask, b[1].mask)
        assert (a[1].predicted_iou, a[1].object_logit) == (
            b[1].predicted_iou,
            b[1].object_logit,
        )


@pytest.mark.parametrize("direction", ["both", "forward", "backward"])
def test_a_second_run_says_the_same(miniature, direction) -> None:
    tracker = session(miniature)
    first, second = (course(tracker.propagate(direction=direction)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "frames", [range(-1, 3), range(5, 20), range(4, 4), range(5, 2), range(0, 8, 2)]
)
def test_frames_that_are_no_range_of_the_stack(miniature, frames) -> None:
    with pytest.raises(FrameError, match=r"[Ff]rames"):
        session(miniature).propagate(frames=frames)


def test_runs_without_objects(miniature) -> None:
    tracker = VideoTracker(miniature, Generated(3))
    with pytest.raises(NoPromptError, match="nothing to track yet"):
        tracker.propagate()
    with pytest.raises(PromptError, match="no object 4: the objects with prompts are"):
        session(miniature).propagate(objects=[4])
    with pytest.raises(PromptError, match=r"No object is chosen: .* leave objects out"):
        session(miniature).propagate(objects=[])
    with pytest.raises(PromptError, match="no object 4: none has prompts"):
        tracker.prompts(4)
    with pytest.raises(Sam2Error, match="forward"):
        session(miniature).propagate(direction="sideways")


def test_inference_mode_stays_inside(miniature) -> None:
    tracker = session(miniature)
    for _ in tracker.propagate():
        assert not torch.is_inference_mode_enabled()
        assert torch.is_grad_enabled()
        assert torch.ones(1, requires_grad=True).mul(2).requires_grad


def test_no_reading_thread_is_left(miniature) -> None:
    tracker = session(miniature)
    list(tracker.propagate())
    run = tracker.propagate()
    next(run)
    run.close()
    run = tracker.propagate()
    next(run)
    del run
    assert not [t for t in threading.enumerate() if t.name.startswith("sam2")]


def test_two_sessions_share_a_model_without_noticing(miniature) -> None:
    alone = course(session(miniature).propagate())
    one, other = session(miniature), session(miniature, Generated(9, (64, 50)))
    mixed = [a for a, _ in zip(one.propagate(), other.propagate(), strict=True)]
    assert course(mixed) == alone


def test_two_threads_share_a_model_without_noticing(miniature) -> None:
    alone = course(session(miniature).propagate())
    found: dict[int, list] = {}

    def work(number: int) -> None:
        found[number] = course(session(miniature).propagate())

    crowd = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert [found[i] for i in range(3)] == [alone] * 3


def test_an_endless_source_starts_at_once(miniature) -> None:
    source = Generated(100_000)
    tracker = VideoTracker(miniature, source)
    tracker.add(PointPrompt(1, 50_000, (15, 12)))
    assert len(source.read) <= 13
    run = tracker.propagate()
    assert [next(run).frame for _ in range(3)] == [50_000, 50_001, 50_002]
    run.close()
    assert len(source.read) <= 13 + 2 + tracker.options.prefetch_frames


def test_frames_are_read_once_in_order(miniature) -> None:
    source = Generated(30)
    tracker = VideoTracker(miniature, source, limits=LIMITS)
    tracker.add(PointPrompt(1, 10, (15, 12)))
    list(tracker.propagate())
    assert source.read == [10, *range(11, 30), *range(9, -1, -1)]
