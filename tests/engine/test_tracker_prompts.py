"""Prompts given, changed and withdrawn at any time, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from napari_sam2.core.errors import (
    FrameError,
    GpuMemoryError,
    NoPromptError,
    PromptError,
    StackError,
)
from napari_sam2.core.intensity import as_limits
from napari_sam2.core.prompts import BoxPrompt, FramePrompts, MaskPrompt, PointPrompt
from napari_sam2.engine.options import EXACT
from napari_sam2.engine.tracker import VideoTracker
from tests.engine.stacks import Generated, course, said

LIMITS = as_limits(0, 2)
BLOB = np.zeros((40, 48), bool)
BLOB[8:22, 6:20] = True


@pytest.fixture
def tracker(miniature) -> VideoTracker:
    return VideoTracker(miniature, Generated(8), limits=LIMITS, options=EXACT)


@pytest.fixture
def encoded(miniature, monkeypatch) -> list[int]:
    """Return a list that grows by one with every frame that is encoded."""
    calls: list[int] = []
    encode = type(miniature).encode_image

    def counting(self, images):
        calls.append(len(images))
        return encode(self, images)

    monkeypatch.setattr(type(miniature), "encode_image", counting)
    return calls


@pytest.fixture
def decoded(miniature, monkeypatch) -> list[int]:
    """Return a list of how many objects were decoded at once."""
    calls: list[int] = []
    decode = type(miniature).decode

    def counting(self, coarse, features, prompts, *, ambiguous):
        calls.append(len(prompts.sparse))
        return decode(self, coarse, features, prompts, ambiguous=ambiguous)

    monkeypatch.setattr(type(miniature), "decode", counting)
    return calls


def three(tracker: VideoTracker) -> VideoTracker:
    tracker.add(PointPrompt(1, 0, (15, 12)))
    tracker.add(BoxPrompt(2, 0, (5, 8, 30, 40)))
    tracker.add(MaskPrompt(3, 2, BLOB))
    return tracker


def by_object(results) -> dict[int, list[tuple]]:
    found: dict[int, list[tuple]] = {}
    for result in results:
        for one in result:
            found.setdefault(one.object_id, []).append(said(one))
    return found


def test_every_kind_of_prompt(tracker) -> None:
    for object_id, prompt in enumerate(
        [
            PointPrompt(1, 0, (15, 12)),
            BoxPrompt(2, 3, (5, 8, 30, 40)),
            MaskPrompt(3, 7, BLOB),
        ],
        start=1,
    ):
        result = tracker.add(prompt)
        assert (result.object_id, result.frame) == (object_id, prompt.frame)
        assert result.is_prompted
        assert result.shape_hw == (40, 48)
    assert tracker.object_ids == (1, 2, 3)
    assert result.predicted_iou == 1
    overlap = (result.mask & BLOB).sum() / (result.mask | BLOB).sum()
    assert overlap > 0.9


def test_what_was_said_can_be_asked(tracker) -> None:
    tracker.add(PointPrompt(4, 2, (15, 12)))
    tracker.add(PointPrompt(4, 2, (30, 30), positive=False))
    tracker.add(BoxPrompt(4, 0, (5, 8, 30, 40)))
    assert tracker.prompts(4) == {
        2: FramePrompts(((15, 12), (30, 30)), (True, False)),
        0: FramePrompts(box_yxyx=(5, 8, 30, 40)),
    }
    with pytest.raises(
        PromptError, match="no object 9: the objects with prompts are 4"
    ):
        tracker.prompts(9)


def test_saying_the_same_again_gives_the_same(tracker) -> None:
    tracker.add(PointPrompt(1, 0, (15, 12)))
    refined = tracker.add(PointPrompt(1, 0, (20, 14)))
    prompts = tracker.prompts(1)[0]
    for _ in range(2):
        assert said(tracker.set_prompts(1, 0, prompts)) == said(refined)


def test_a_refinement_starts_from_the_last_answer(tracker, miniature) -> None:
    tracker.add(PointPrompt(1, 0, (15, 12)))
    refined = tracker.add(PointPrompt(1, 0, (20, 14)))
    at_once = tracker.set_prompts(
        2, 0, FramePrompts(((15, 12), (20, 14)), (True, True))
    )
    assert said(refined)[2:] != said(at_once)[2:]


def test_a_changed_prompt_does_not_carry_the_old_one_along(tracker) -> None:
    tracker.add(PointPrompt(1, 0, (15, 12)))
    tracker.add(PointPrompt(1, 0, (30, 40)))
    moved = FramePrompts(((18, 20),), (True,))
    changed = tracker.set_prompts(1, 0, moved)
    fresh = tracker.set_prompts(2, 0, moved)
    assert said(changed)[2:] == said(fresh)[2:]


@pytest.mark.parametrize(
    ("prompt", "error", "sentence"),
    [
        (PointPrompt(1, 8, (1, 1)), FrameError, "Frame 8 does not exist"),
        (PointPrompt(1, 0, (40, 1)), PromptError, "object 1 on frame 0.*outside"),
        (PointPrompt(1, 0, (1, 1), False), NoPromptError, "only negative"),
        (MaskPrompt(1, 0, BLOB.T), PromptError, "48 × 40 pixels"),
        (BoxPrompt(1, 0, (50, 50, 60, 60)), PromptError, "outside"),
    ],
    ids=["frame", "point", "negative", "mask", "box"],
)
def test_bad_prompts_leave_everything_as_it_was(
    tracker, prompt, error, sentence
) -> None:
    with pytest.raises(error, match=sentence):
        tracker.add(prompt)
    assert tracker.object_ids == ()
    good = tracker.add(PointPrompt(1, 0, (15, 12)))
    before = tracker.prompts(1)
    with pytest.raises((error, PromptError)):
        tracker.add(replace(prompt, frame=prompt.frame or 3))
    assert tracker.prompts(1) == before
    again = next(tracker.propagate())[1]
    assert said(again) == said(good)


def test_adding_an_object_leaves_the_others_as_they_were(tracker) -> None:
    before = by_object(three(tracker).propagate())
    tracker.add(PointPrompt(9, 4, (20, 20)))
    list(tracker.propagate(objects=[9]))
    after = by_object(tracker.propagate())
    assert_close({i: after[i] for i in before}, before)
    assert len(after[9]) == 8


def test_removing_an_object_leaves_the_others_as_they_were(tracker) -> None:
    before = by_object(three(tracker).propagate())
    tracker.remove_object(2)
    assert tracker.object_ids == (1, 3)
    after = by_object(tracker.propagate())
    assert_close(after, {i: before[i] for i in (1, 3)})
    with pytest.raises(PromptError, match="no object 2"):
        tracker.remove_object(2)


def assert_close(found: dict, expected: dict) -> None:
    """Compare two courses; objects computed together differ by rounding."""
    assert found.keys() == expected.keys()
    for object_id, results in found.items():
        for a, b in zip(results, expected[object_id], strict=True):
            assert (a[:2], a[7]) == (b[:2], b[7])
            np.testing.assert_allclose(a[5:7], b[5:7], atol=5e-3)


def test_withdrawing_a_prompt_is_as_if_it_was_never_given(tracker, miniature) -> None:
    before = course(three(tracker).propagate())
    tracker.set_prompts(1, 5, FramePrompts(((30, 30),), (True,)))
    tracker.set_prompts(1, 5, FramePrompts())
    assert tracker.prompts(1).keys() == {0}
    assert course(tracker.propagate()) == before


def test_withdrawing_the_last_prompt_forgets_the_object(tracker) -> None:
    tracker.add(PointPrompt(1, 0, (15, 12)))
    list(tracker.propagate())
    assert tracker.set_prompts(1, 0, FramePrompts()) is None
    assert tracker.object_ids == ()
    with pytest.raises(PromptError, match=r"no object 1.*none"):
        tracker.set_prompts(1, 0, FramePrompts())
    again = tracker.add(PointPrompt(1, 4, (15, 12)))
    fresh = tracker.add(PointPrompt(2, 4, (15, 12)))
    assert said(again)[2:] == said(fresh)[2:]


def test_a_correction_sticks_and_changes_what_follows(tracker) -> None:
    before = by_object(three(tracker).propagate())
    corrected = tracker.add(PointPrompt(1, 3, (30, 30)))
    after = by_object(tracker.propagate(objects=[1]))[1]
    assert after[3] == said(corrected)
    assert after[3][7]
    assert after[:3] == before[1][:3] or after[1][4:7] != before[1][1][4:7]
    assert all(a[4:7] != b[4:7] for a, b in zip(after[4:], before[1][4:], strict=True))


def test_a_correction_looks_at_the_memory(tracker) -> None:
    """It starts from the tracked mask, so it differs from a first prompt."""
    three(tracker)
    list(tracker.propagate())
    corrected = tracker.add(PointPrompt(1, 4, (30, 30)))
    fresh = tracker.add(PointPrompt(8, 4, (30, 30)))
    assert said(corrected)[4:7] != said(fresh)[4:7]


def test_negative_points_alone_correct_a_tracked_frame(tracker) -> None:
    three(tracker)
    list(tracker.propagate(direction="forward"))
    result = tracker.add(PointPrompt(1, 4, (15, 14), positive=False))
    assert result.is_prompted
    with pytest.raises(NoPromptError, match="only negative"):
        tracker.add(PointPrompt(3, 1, (15, 14), positive=False))


def test_correcting_one_object_computes_that_object_only(
    tracker, encoded, decoded
) -> None:
    three(tracker)
    list(tracker.propagate())
    assert len(encoded) == 8
    encoded.clear()
    decoded.clear()
    tracker.add(PointPrompt(1, 4, (30, 30)))
    results = list(tracker.propagate(objects=[1]))
    assert encoded == []
    assert decoded == [1] * 7  # the correction, and the six frames without a prompt
    assert all(one.object_id == 1 for result in results for one in result)


def test_features_are_shared_by_objects_directions_and_runs(tracker, encoded) -> None:
    three(tracker)
    for direction in ("forward", "backward", "both"):
        list(tracker.propagate(direction=direction))
    assert encoded == [1] * 8


def test_objects_are_computed_together(tracker, decoded) -> None:
    for object_id in range(1, 6):
        tracker.add(PointPrompt(object_id, 0, (15, 5 * object_id)))
    decoded.clear()
    list(tracker.propagate())
    assert decoded == [5] * 7


def test_a_group_may_be_limited(miniature, decoded) -> None:
    options = replace(EXACT, group_size=2)
    tracker = VideoTracker(miniature, Generated(3), limits=LIMITS, options=options)
    for object_id in range(1, 6):
        tracker.add(PointPrompt(object_id, 0, (15, 5 * object_id)))
    decoded.clear()
    list(tracker.propagate())
    assert decoded == [2, 2, 1] * 2


def test_a_mask_that_the_session_forgot_can_be_handed_back(miniature) -> None:
    options = replace(EXACT, history_frames=1)
    tracker = VideoTracker(miniature, Generated(30), limits=LIMITS, options=options)
    tracker.add(PointPrompt(1, 0, (15, 12)))
    list(tracker.propagate())
    assert 15 not in tracker._tracks[1].bank.recent
    click = FramePrompts(((30, 30),), (True,))
    with_it = tracker.set_prompts(1, 15, click, previous=BLOB)
    tracker.set_prompts(1, 15, FramePrompts())
    without = tracker.set_prompts(1, 15, click)
    assert said(with_it)[4:7] != said(without)[4:7]


def test_a_mask_of_another_session_can_be_corrected(tracker) -> None:
    only_negative = FramePrompts(((30, 30),), (False,))
    with pytest.raises(NoPromptError):
        tracker.set_prompts(1, 2, only_negative)
    assert tracker.set_prompts(1, 2, only_negative, previous=BLOB) is not None


@pytest.mark.parametrize("shape", [(40, 47), (48, 40), (40,), (1, 40, 48)])
def test_a_mask_handed_back_must_fit(tracker, shape) -> None:
    click = FramePrompts(((30, 30),), (True,))
    with pytest.raises(PromptError, match="mask"):
        tracker.set_prompts(1, 0, click, previous=np.ones(shape, bool))


def test_an_object_removed_during_a_run_is_left_out(tracker) -> None:
    run = three(tracker).propagate(direction="forward")
    assert [len(result) for result in islice(run, 3)] == [2, 2, 3]
    tracker.remove_object(2)
    assert [[one.object_id for one in result] for result in islice(run, 2)] == [
        [1, 3]
    ] * 2
    run.close()
    assert all(one.object_id != 2 for result in tracker.resume() for one in result)


def test_when_all_objects_are_removed_a_run_ends(tracker) -> None:
    run = three(tracker).propagate()
    next(run)
    for object_id in (1, 2, 3):
        tracker.remove_object(object_id)
    assert list(run) == []


def test_a_prompt_given_during_a_run_counts_from_the_next_frame(tracker) -> None:
    run = three(tracker).propagate(direction="forward", objects=[1])
    before = by_object(islice(run, 3))[1]
    corrected = tracker.add(PointPrompt(1, 4, (30, 30)))
    tracker.set_prompts(1, 0, FramePrompts(((20, 20),), (True,)))
    after = by_object(run)[1]
    assert after[1] == said(corrected)
    again = by_object(tracker.propagate(direction="forward", objects=[1]))[1]
    assert again[0] != before[0]
    assert len(again) == 8


def test_an_object_added_during_a_run_waits_for_the_next(tracker) -> None:
    run = three(tracker).propagate()
    next(run)
    tracker.add(PointPrompt(9, 0, (20, 20)))
    assert 9 not in by_object(run)
    assert 9 in by_object(tracker.propagate())


def test_an_absent_object_is_an_answer(tracker) -> None:
    result = tracker.add(MaskPrompt(1, 0, np.zeros((40, 48), bool)))
    assert result.is_absent
    assert result.object_logit < 0
    assert result.mask.shape == (40, 48)
    assert result.box_yxyx is None
    for frame in tracker.propagate():
        assert frame.labels().shape == (40, 48)


def test_an_object_said_to_be_absent_later(tracker) -> None:
    three(tracker)
    list(tracker.propagate())
    tracker.add(MaskPrompt(1, 4, np.zeros((40, 48), bool)))
    results = {result.frame: result for result in tracker.propagate(objects=[1])}
    assert results[4][1].is_absent
    assert results[4].labels().max() == 0


@pytest.mark.parametrize(
    "stack",
    [
        np.zeros((3, 1, 1), np.uint8),
        np.zeros((1, 20, 30), np.uint16),
        np.full((3, 20, 30), np.nan, np.float32),
        np.full((3, 20, 30), np.inf),
        np.zeros((3, 20, 30), bool),
        np.zeros((3, 20, 30, 3), np.uint8),
        np.zeros((3, 20, 30, 2), np.int16),
        np.zeros((3, 20, 30, 7), np.float16),
        np.zeros((3, 1, 500), np.uint8),
        np.zeros((2, 700, 3), np.int64),
    ],
    ids=lambda stack: f"{stack.shape} {stack.dtype}",
)
def test_odd_stacks(miniature, stack) -> None:
    stack = stack.copy()
    stack[-1, 0, 0] = 1
    tracker = VideoTracker(miniature, stack)
    shape = stack.shape[1:3]
    assert tracker.add(PointPrompt(1, 0, (0, 0))).mask.shape == shape
    tracker.add(MaskPrompt(2, 0, np.ones(shape, bool)))
    results = list(tracker.propagate())
    assert len(results) == len(stack)
    for result in results:
        assert result.labels().shape == shape
        assert all(np.isfinite([r.predicted_iou, r.object_logit]).all() for r in result)


def test_a_stack_without_frames(miniature) -> None:
    with pytest.raises(StackError, match="no frames"):
        VideoTracker(miniature, np.zeros((0, 20, 30)))


@pytest.mark.parametrize("kind", ["dask", "zarr"])
def test_lazy_arrays(miniature, kind) -> None:
    import dask.array
    import zarr

    stack = np.stack([Generated(6)[t] for t in range(6)])
    wrap = {"dask": dask.array.from_array, "zarr": zarr.array}[kind]
    courses = []
    for frames in (stack, wrap(stack)):
        tracker = VideoTracker(miniature, frames, options=EXACT)
        tracker.add(PointPrompt(1, 2, (15, 12)))
        courses.append(course(tracker.propagate()))
    assert courses[0] == courses[1]


def test_a_full_gpu_is_told_in_a_sentence(tracker, miniature, monkeypatch) -> None:
    def full(self, images):
        raise torch.OutOfMemoryError("CUDA out of memory")

    tracker.add(PointPrompt(1, 0, (15, 12)))
    with monkeypatch.context() as broken:
        broken.setattr(type(miniature), "encode_image", full)
        with pytest.raises(GpuMemoryError, match="smaller model"):
            tracker.add(PointPrompt(1, 3, (15, 12)))
        with pytest.raises(GpuMemoryError, match="smaller model"):
            list(tracker.propagate())
    assert len(list(tracker.resume())) == 7
