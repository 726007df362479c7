"""Plans visit each object's frames once, in an order that its memory can follow."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import Sam2Error
from napari_sam2.engine.runs.plan import Plan, Step

FRAME = st.integers(0, 20)
PROMPTED = st.dictionaries(
    st.integers(1, 5),
    st.tuples(FRAME, FRAME).map(lambda pair: (min(pair), max(pair))),
    max_size=4,
)
FRAMES = st.tuples(FRAME, FRAME).map(lambda pair: range(min(pair), max(pair) + 1))
DIRECTIONS = st.sampled_from(["forward", "backward", "both"])


@given(PROMPTED, FRAMES, DIRECTIONS)
def test_every_object_comes_once_on_each_of_its_frames(prompted, frames, direction):
    plan = Plan(prompted, frames, direction)
    steps = list(plan.steps())
    assert len(plan) == len(steps)
    assert all(step.object_ids for step in steps)
    visits = Counter((i, step.frame) for step in steps for i in step.object_ids)
    expected = {(i, f) for i in prompted for f in plan.frames_of(i)}
    assert set(visits) == expected
    assert set(visits.values()) <= {1}
    assert all(step.frame in frames for step in steps)


@given(PROMPTED, FRAMES, DIRECTIONS)
def test_frames_come_forward_then_backward(prompted, frames, direction) -> None:
    steps = list(Plan(prompted, frames, direction).steps())
    ahead = [step.frame for step in steps if not step.is_reverse]
    back = [step.frame for step in steps if step.is_reverse]
    assert [step.is_reverse for step in steps] == sorted(s.is_reverse for s in steps)
    assert ahead == sorted(set(ahead))
    assert back == sorted(set(back), reverse=True)
    assert direction == "both" or not (ahead if direction == "backward" else back)


@given(PROMPTED, FRAMES, DIRECTIONS)
def test_objects_start_at_their_own_prompts(prompted, frames, direction) -> None:
    for step in Plan(prompted, frames, direction).steps():
        for i in step.object_ids:
            first, last = prompted[i]
            if not step.is_reverse:
                assert step.frame >= first
            elif direction == "both":
                assert step.frame < first
            else:
                assert step.frame <= last


def test_two_objects_both_ways() -> None:
    plan = Plan({1: (2, 2), 2: (4, 4)}, range(6), "both")
    assert list(plan.steps()) == [
        Step(2, False, (1,)),
        Step(3, False, (1,)),
        Step(4, False, (1, 2)),
        Step(5, False, (1, 2)),
        Step(3, True, (2,)),
        Step(2, True, (2,)),
        Step(1, True, (1, 2)),
        Step(0, True, (1, 2)),
    ]


def test_a_long_stack_costs_nothing_to_plan() -> None:
    plan = Plan({1: (10**9, 10**9)}, range(2 * 10**9), "both")
    assert len(plan) == 2 * 10**9
    assert next(plan.steps()) == Step(10**9, False, (1,))


def test_no_objects_no_steps() -> None:
    assert list(Plan({}, range(5), "both").steps()) == []
    assert len(Plan({}, range(5), "both")) == 0


@pytest.mark.parametrize("direction", ["forwards", "", None])
def test_unknown_directions_are_refused(direction) -> None:
    with pytest.raises(Sam2Error, match="forward"):
        Plan({1: (0, 0)}, range(5), direction)
