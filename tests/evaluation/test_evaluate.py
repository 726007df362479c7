"""A stack from end to end, with the miniature model."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_sam2.core.cancel import CancelToken
from napari_sam2.evaluation.asking import parse_asking
from napari_sam2.evaluation.evaluate import evaluate_stack
from napari_sam2.evaluation.protocol import Protocol
from napari_sam2.evaluation.study import Study
from tests.evaluation.stacks import truth_of, two_discs


def study(*kinds: str, **more) -> Study:
    return Study(tuple(Protocol(parse_asking(kind)) for kind in kinds), **more)


@pytest.fixture
def truth():
    image, labels = two_discs()
    return truth_of(labels, image)


def test_methods_come_in_their_order_with_baselines_last(miniature, truth) -> None:
    outcome = evaluate_stack(miniature, truth, study("box", "clicks3"))
    assert [m.method for m in outcome.score.methods] == [
        "box", "clicks3", "copy", "threshold"
    ]  # fmt: skip
    for method in outcome.score.methods:
        assert [one.object_id for one in method.objects] == [1, 2]
        assert [f.frame for f in method.objects[0].frames] == [0, 1, 2, 3, 4, 5]


def test_a_mask_comes_back_on_its_own_frame(miniature, truth) -> None:
    (mask,) = evaluate_stack(
        miniature, truth, study("mask", baselines=False)
    ).score.methods
    assert mask.mean("start_j") > 0.8


def test_the_baselines_are_what_they_say(miniature, truth) -> None:
    outcome = evaluate_stack(miniature, truth, study("box"))
    copied = outcome.found["copy"]
    first = outcome.true.packed(1, 0)
    assert all(copied.packed(1, frame) == first for frame in range(6))
    threshold = next(m for m in outcome.score.methods if m.method == "threshold")
    assert threshold.objects[0].j > 0.9  # bright discs on a dim ground are easy
    assert threshold.objects[1].j_present > 0.9
    assert threshold.objects[1].presence == pytest.approx(3 / 5)  # it stays to be seen


def test_objects_in_several_passes_are_all_there(miniature, truth) -> None:
    together = evaluate_stack(miniature, truth, study("box"))
    apart = evaluate_stack(miniature, truth, study("box", group=1))
    assert apart.score.todo.ids == together.score.todo.ids == (1, 2)
    assert len(apart.score.methods[0].objects) == 2


def test_the_same_twice_is_the_same(miniature, truth) -> None:
    once, again = (evaluate_stack(miniature, truth, study("clicks2")) for _ in range(2))
    assert once.score.methods == again.score.methods


def test_progress_ends_at_its_total(miniature, truth) -> None:
    seen = []
    chosen = study("box", "mask", group=1)
    evaluate_stack(miniature, truth, chosen, watch=seen.append)
    assert [p.done for p in seen] == list(range(1, 25))
    assert {p.total for p in seen} == {24}


def test_a_stack_that_was_stopped_gives_nothing(miniature, truth) -> None:
    token = CancelToken()
    outcome = evaluate_stack(
        miniature, truth, study("box"), token=token, watch=lambda _: token.cancel()
    )
    assert outcome is None


def test_where_an_object_is_gone_only_presence_is_measured(miniature) -> None:
    labels = np.zeros((3, 48, 64), np.uint8)
    labels[0, 10:30, 10:30] = 1
    outcome = evaluate_stack(miniature, truth_of(labels), study("box"))
    copy = next(m for m in outcome.score.methods if m.method == "copy")
    (one,) = copy.objects
    assert (one.start_j, one.j, one.f, one.presence) == (1, 0, 0, 0)
    assert math.isnan(one.j_present)
