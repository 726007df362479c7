"""What a session keeps is bounded, and it makes do with less."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch

from napari_sam2.core.errors import GpuMemoryError
from napari_sam2.core.prompts import PointPrompt
from napari_sam2.engine.objects.selection import Reach
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from tests.engine.stacks import LIMITS, Generated, course, session
from tests.miniature import seeded_model

if TYPE_CHECKING:
    from collections.abc import Callable


def test_memory_is_flat(miniature) -> None:
    tracker = VideoTracker(miniature, Generated(200), limits=LIMITS)
    tracker.add(PointPrompt(1, 0, (15, 12)))
    tracker.add(PointPrompt(2, 4, (20, 30)))
    held = []
    for index, _ in enumerate(tracker.propagate(direction="forward")):
        if index in (60, 120, 199):
            tracks = tracker._tracks.of(tracker.object_ids)
            held.append(sum(bytes_held(track) for track in tracks))
    assert held[0] == held[1] == held[2]


def bytes_held(track) -> int:
    """Return what the tensors of an object keep alive, shared storages included."""
    tensors = [
        tensor
        for memory in (track.bank.conditioning | track.bank.tracked).values()
        for tensor in (memory.spatial, memory.pointer, memory.logits)
        if tensor is not None
    ]
    tensors += [tensor for answer in track.answers.values() for tensor in answer.state]
    return sum(tensor.untyped_storage().nbytes() for tensor in tensors)


def looked_at_closely(track) -> int:
    """Return of how many tracked frames more than the pointer is kept."""
    return sum(one.spatial is not None for one in track.bank.tracked.values())


def test_a_prompted_frame_more_is_a_dozen_memories_more_and_no_more_masks() -> None:
    model = seeded_model(memory_count=7, pointer_count=16)
    for frames in ((20,), (20, 60), (20, 60, 100)):
        tracker = VideoTracker(model, Generated(150), limits=LIMITS)
        for frame in frames:
            tracker.add(PointPrompt(1, frame, (15, 12 + frame % 24)))
        list(tracker.propagate(direction="forward"))
        track = tracker._tracks[1]
        masks = [one.logits for one in track.bank.tracked.values()]
        assert sum(mask is not None for mask in masks) == 32
        # Before the first one nothing was tracked.
        assert looked_at_closely(track) == 32 + 6 * (2 * len(frames) - 1)


def test_what_is_kept_of_one_object_keeps_nothing_of_the_others(miniature) -> None:
    alone = VideoTracker(miniature, Generated(6), limits=LIMITS)
    alone.add(PointPrompt(1, 0, (15, 12)))
    list(alone.propagate())
    crowd = VideoTracker(miniature, Generated(6), limits=LIMITS)
    for object_id in range(1, 9):
        crowd.add(PointPrompt(object_id, 0, (15, 4 * object_id)))
    list(crowd.propagate())
    assert bytes_held(crowd._tracks[3]) == bytes_held(alone._tracks[1])


def test_the_feature_cache_is_bounded(miniature) -> None:
    tracker = session(miniature, Generated(12), replace(EXACT, feature_cache_bytes=1))
    whole = course(session(miniature, Generated(12)).propagate())
    assert course(tracker.propagate()) == whole
    assert len(tracker._parts.encoder.cache) == 1


def test_running_out_of_memory_halves_the_group(miniature, monkeypatch) -> None:
    whole = course(session(miniature).propagate())
    tracker = session(miniature)
    decode = type(miniature).decode

    def tight(self, coarse, features, prompts, *, ambiguous):
        if len(prompts.sparse) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return decode(self, coarse, features, prompts, ambiguous=ambiguous)

    monkeypatch.setattr(type(miniature), "decode", tight)
    alone = course(tracker.propagate())
    assert [step[0] for step in alone] == [step[0] for step in whole]


@pytest.fixture
def room(monkeypatch, miniature) -> Callable[[VideoTracker, int], None]:
    """Let a session have memory for a number of spatial memories."""
    decode = type(miniature).decode

    def allow(tracker: VideoTracker, most: int) -> None:
        def tight(self, *arguments, **choices):
            tracks = tracker._tracks.of(tracker.object_ids)
            if sum(map(looked_at_closely, tracks)) > most:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return decode(self, *arguments, **choices)

        monkeypatch.setattr(type(miniature), "decode", tight)

    return allow


def often_prompted(model) -> VideoTracker:
    tracker = VideoTracker(model, Generated(45), limits=LIMITS, options=EXACT)
    for object_id, frame in ((1, 10), (1, 20), (1, 30), (2, 40)):
        tracker.add(PointPrompt(object_id, frame, (15, 12 + frame % 24)))
    return tracker


def test_what_a_run_does_not_look_at_is_forgotten_where_memory_runs_out(
    miniature, room, caplog
) -> None:
    whole = course(often_prompted(miniature).propagate())
    tracker = often_prompted(miniature)
    room(tracker, 30)
    assert course(tracker.propagate()) == whole
    assert caplog.text.count("is forgotten") == 1


def test_a_part_of_a_stack_still_looks_at_what_an_earlier_run_left(
    miniature, room, caplog
) -> None:
    found = []
    for most in (1000, 40):
        tracker = often_prompted(miniature)
        list(tracker.propagate())
        room(tracker, most)
        # Forward with the first object, and then backward with the second one.
        found.append(course(tracker.propagate(frames=range(28, 36))))
    assert caplog.text.count("is forgotten") == 1
    assert found[0] == found[1]


def test_where_nothing_can_be_forgotten_fewer_objects_are_advised(
    miniature, room
) -> None:
    tracker = often_prompted(miniature)
    room(tracker, 0)
    with pytest.raises(GpuMemoryError, match="fewer objects at once"):
        list(tracker.propagate())


def test_a_run_that_begins_where_a_short_one_ended_looks_back_at_it() -> None:
    model = seeded_model(memory_count=7, pointer_count=16)
    found = []
    for is_short in (False, True):
        tracker = VideoTracker(model, Generated(60), limits=LIMITS)
        tracker.add(PointPrompt(1, 0, (15, 12)))
        list(tracker.propagate(frames=range(40), direction="forward"))
        if is_short:  # of memory, as it was at the end of the run
            reach = Reach(spatial=6, pointers=16)
            assert tracker._tracks[1].bank.forget_far([0, 39], reach)
        run = tracker.propagate(frames=range(40, 50), direction="forward")
        found.append([(one.object_logit, one.area) for result in run for one in result])
    assert found[0] == found[1]
