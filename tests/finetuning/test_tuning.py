"""A course learns, measures, keeps the best, and ends when it should."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from napari_sam2.core.cancel import CancelToken
from napari_sam2.core.errors import GpuMemoryError, StackError
from napari_sam2.core.masks.packing import absent_mask
from napari_sam2.engine import rounding
from napari_sam2.engine.loading import load_model
from napari_sam2.finetuning import tuning
from napari_sam2.finetuning.course import End, TuningOptions
from napari_sam2.finetuning.judging import Examiner
from napari_sam2.finetuning.learning import loss_of
from napari_sam2.finetuning.lessons import Size
from napari_sam2.finetuning.parting import part
from napari_sam2.finetuning.tuning import tune
from napari_sam2.model.adapter import merge
from napari_sam2.model.checkpoint import build_model
from tests.finetuning.conftest import truth

COURSE = TuningOptions(
    steps=8, every=8, rate=1e-3, variants=2, size=Size(frames=3, objects=2)
)
FEW = replace(COURSE, steps=4, every=2)


def run(model, stack, options, token=None, watch=lambda report: None):
    """Take a course to its end; return what it reported, and its outcome."""
    token = token or CancelToken()
    steps = tune(model, [stack], part([stack]), options, token)
    reports = []
    while True:
        try:
            reports.append(next(steps))
        except StopIteration as end:
            return reports, end.value
        watch(reports[-1])


def seen_only_on(frames):
    """Return discs that are known not to be there on any other frame."""
    stack = truth()
    gone = {i: absent_mask((48, 64)) for i in stack.object_ids}
    masks = {f: stack.masks[f] if f in frames else gone for f in stack.known}
    return replace(stack, masks=masks)


@pytest.fixture(scope="module", params=["frozen", "low-rank"])
def learnt(request):
    """Return what a small model learnt about discs that have a margin."""
    model = load_model("nano", device="cpu", image_size=64)
    options = replace(COURSE, encoder=request.param)
    return request.param, run(model, truth(margin=4), options)[1]


def test_it_learns_what_its_user_calls_an_object(learnt):
    _, outcome = learnt
    assert outcome.after > outcome.before + 0.1
    assert outcome.end is End.STEPS
    assert outcome.steps == 8


def test_what_was_measured_is_what_the_changes_give(learnt, pupil_model, wide_truth):
    _, outcome = learnt
    state = merge(pupil_model.state_dict(), outcome.changes, name="x")
    adapted = build_model(pupil_model.config, state, name="x")
    splits = part([wide_truth])
    measuring = Examiner([wide_truth], splits, keeps_features=False).examine(adapted)
    with pytest.raises(StopIteration) as end:
        while True:
            next(measuring)
    assert end.value.value == pytest.approx(outcome.after, abs=1e-6)


def test_decoder_and_memory_change_and_of_the_encoder_what_was_asked_for(learnt):
    encoder, outcome = learnt
    parts = {name.partition(".")[0] for name in outcome.changes}
    of_encoder = {n: t for n, t in outcome.changes.items() if n.startswith("image_")}
    assert {"sam_mask_decoder", "memory_attention", "memory_encoder"} <= parts
    assert not parts & {"sam_prompt_encoder", "mask_downsample"}
    assert not any("conv_s" in name for name in outcome.changes)
    assert bool(of_encoder) is (encoder == "low-rank")
    assert all(min(tensor.shape) <= 8 for tensor in of_encoder.values())
    assert all(t.any() for name, t in of_encoder.items() if name.endswith(".up"))


def test_changes_are_small(learnt):
    _, outcome = learnt
    assert {tensor.dtype for tensor in outcome.changes.values()} == {torch.float16}


@pytest.mark.parametrize("encoder", ["frozen", "low-rank"])
@pytest.mark.parametrize("has_units", [True, False])
def test_lessons_are_rounded_where_a_processor_gains(
    miniature, discs_truth, has_units, encoder, monkeypatch
):
    monkeypatch.setattr(rounding, "has_matrix_units", lambda: has_units)
    monkeypatch.setattr(rounding, "_FEWEST_CHANNELS", 1)
    seen = set()

    def spy(*given):
        seen.add(torch.is_autocast_enabled("cpu"))
        return loss_of(*given)

    monkeypatch.setattr(tuning, "loss_of", spy)
    options = replace(FEW, encoder=encoder)
    _, outcome = run(copy.deepcopy(miniature), discs_truth, options)
    assert seen == {has_units}
    assert outcome.steps_done == 4


@pytest.mark.parametrize("encoder", ["frozen", "low-rank"])
def test_the_same_seed_goes_the_same_way(miniature, discs_truth, encoder):
    options = replace(FEW, encoder=encoder, seed=5)
    ways = []
    for _ in range(2):
        reports, outcome = run(copy.deepcopy(miniature), discs_truth, options)
        ways.append(([one.loss for one in reports], outcome.curve))
    assert ways[0] == ways[1]
    assert ways[0][0][-1] is not None


def test_nothing_worse_than_the_base_is_kept(miniature, discs_truth):
    options = replace(FEW, rate=0.0)
    reports, outcome = run(copy.deepcopy(miniature), discs_truth, options)
    assert outcome.changes is None
    assert outcome.after == outcome.before
    assert outcome.end is End.STEPS
    assert sum(one.is_measured for one in reports) == 3


def test_it_ends_when_it_gets_no_better(miniature, discs_truth):
    options = replace(FEW, rate=0.0, every=1, patience=2, steps=50)
    _, outcome = run(copy.deepcopy(miniature), discs_truth, options)
    assert outcome.end is End.ENOUGH
    assert outcome.steps_done == 2


def test_it_ends_when_the_time_is_up(miniature, discs_truth):
    _, outcome = run(copy.deepcopy(miniature), discs_truth, replace(FEW, minutes=1e-9))
    assert outcome.end is End.TIME
    assert outcome.steps_done == 0


def test_what_was_learnt_last_is_measured_within_the_time(
    miniature, discs_truth, monkeypatch
):
    clock = FakeClock()
    monkeypatch.setattr(tuning, "time", clock)
    monkeypatch.setattr(Examiner, "examine", lambda _, model: clock.examine(model))
    monkeypatch.setattr(tuning._Tuning, "_lesson", lambda _: clock.lesson())
    options = replace(FEW, minutes=2, steps=1000, every=20, patience=9)
    _, outcome = run(copy.deepcopy(miniature), discs_truth, options)
    assert outcome.end is End.TIME
    assert outcome.curve[-1][0] == outcome.steps_done > 0
    assert clock.now <= 120


class FakeClock:
    """Time in which a measurement takes 20 seconds, and a lesson 3."""

    now = 0.0

    def monotonic(self):
        return self.now

    def examine(self, model):
        self.now += 20
        yield
        return 0.5

    def lesson(self):
        self.now += 3
        return 0.7


def test_stopped_while_it_measures_the_base_nothing_came_of_it(miniature, discs_truth):
    token = CancelToken()
    model = copy.deepcopy(miniature)
    _, outcome = run(model, discs_truth, FEW, token, lambda _: token.cancel())
    assert outcome.changes is None
    assert outcome.end is End.STOPPED
    assert outcome.curve == ()


def test_stopped_later_the_best_so_far_is_kept(pupil_model, wide_truth):
    token = CancelToken()

    def stop_when_better(report):
        if report.is_measured and report.best > report.before:
            token.cancel()

    options = replace(COURSE, steps=500)
    _, outcome = run(pupil_model, wide_truth, options, token, stop_when_better)
    assert outcome.end is End.STOPPED
    assert outcome.after > outcome.before
    assert outcome.changes is not None


def test_two_frames_with_masks_are_too_few():
    with pytest.raises(StackError, match=r"Only 2 frames have masks .* at least 3"):
        part([truth([3, 8])])


def test_an_object_that_is_gone_from_most_frames_is_learnt_where_it_is(miniature):
    stack = seen_only_on(range(4))
    held = [
        frame for split in part([stack]) for block in split.held_out for frame in block
    ]
    assert held
    assert all(stack.visible(frame) for frame in held)
    _, outcome = run(copy.deepcopy(miniature), stack, FEW)
    assert outcome.steps_done == FEW.steps


def test_frames_that_show_no_object_are_none_to_learn_from():
    with pytest.raises(StackError, match=r"Only 2 frames have masks .* at least 3"):
        part([seen_only_on((4, 5))])


@pytest.mark.parametrize("count", [1, 4, 16, 64, 150])
def test_of_many_stacks_no_more_is_held_out_than_can_be_measured(count):
    splits = part([truth(count=12)] * count)
    held = [split for split in splits if split.held_out]
    frames = sum(len(block) for split in held for block in split.held_out)
    assert min(count, 64) <= frames <= 64
    assert len(held) == min(count, 64)
    assert all(split.training for split in splits)


def test_a_stack_with_few_masks_serves_beside_one_with_more():
    splits = part([truth([3]), truth()])
    assert splits[0].training == (3,)
    assert splits[1].held_out


def test_where_memory_runs_out_clips_become_smaller(
    miniature, discs_truth, monkeypatch
):
    refused = []

    def greedy(model, lesson, shown, dice):
        if len(lesson.objects) > 1:
            refused.append(lesson)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return loss_of(model, lesson, shown, dice)

    monkeypatch.setattr(tuning, "loss_of", greedy)
    _, outcome = run(copy.deepcopy(miniature), discs_truth, FEW)
    assert refused
    assert outcome.steps_done == 4


def test_where_it_never_suffices_that_is_told(miniature, discs_truth, monkeypatch):
    def refuse(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(tuning, "loss_of", refuse)
    with pytest.raises(GpuMemoryError, match="ran out of memory"):
        run(copy.deepcopy(miniature), discs_truth, FEW)


def test_on_a_processor_no_clip_is_larger_than_fits(
    miniature, discs_truth, monkeypatch
):
    taught = []

    def watch(model, lesson, shown, dice):
        taught.append(lesson)
        return loss_of(model, lesson, shown, dice)

    monkeypatch.setattr(tuning, "loss_of", watch)
    monkeypatch.setattr(tuning, "fit", lambda size, config: Size(2, 1))
    options = replace(TuningOptions(), steps=8, every=8)
    run(copy.deepcopy(miniature), discs_truth, options)
    assert {len(one.frames) for one in taught} == {1, 2}
    assert max(len(one.objects) for one in taught if len(one.frames) > 1) == 1
