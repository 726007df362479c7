"""What is told, and what is still done, when a run breaks off."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.cli.course import describe_finished, way_back
from napari_sam2.engine.plan import Plan


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(1, 12))
    prompt = st.integers(0, count - 1)
    pairs = st.tuples(prompt, prompt).map(lambda pair: (min(pair), max(pair)))
    prompted = draw(st.dictionaries(st.integers(1, 4), pairs, min_size=1))
    start, stop = sorted(draw(st.tuples(prompt, prompt)))
    return Plan(prompted, range(start, stop + 1), "both")


def objects_of(plan: Plan, steps: int) -> dict[int, set[int]]:
    done: dict[int, set[int]] = {}
    for step in islice(plan.steps(), steps):
        done.setdefault(step.frame, set()).update(step.object_ids)
    return done


@given(plans(), st.data())
def test_the_way_back_never_reads_the_broken_frame(plan, data):
    steps = list(plan.steps())
    if not steps:
        return
    done = data.draw(st.integers(0, len(steps) - 1))
    rest = way_back(plan, done)
    if rest is None:
        return
    assert steps[done].frame not in rest.frames
    everything = objects_of(plan, len(steps))
    for frame, ids in objects_of(rest, len(steps)).items():
        assert ids <= everything[frame]


def test_the_way_back_does_all_that_came_before_the_prompts():
    plan = Plan({1: (4, 4), 2: (6, 6)}, range(10), "both")
    rest = way_back(plan, 5)  # frames 4 to 8 are done, 9 is broken
    assert rest is not None
    done = objects_of(plan, 5)
    for frame, ids in objects_of(rest, 100).items():
        done.setdefault(frame, set()).update(ids)
    assert all(done[frame] == {1, 2} for frame in range(9))


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_one_direction_has_no_way_back(direction):
    assert way_back(Plan({1: (2, 2)}, range(5), direction), 1) is None


def test_finished_frames_are_named():
    plan = Plan({1: (0, 0)}, range(10), "forward")
    assert describe_finished(plan, {0: {1}, 1: {1}, 2: {1}}) == (
        "frames 0–2 are finished; the rest is empty"
    )
    assert describe_finished(plan, {0: {1}}) == (
        "frame 0 is finished; the rest is empty"
    )


def test_frames_that_lack_objects_are_not_finished():
    plan = Plan({1: (0, 0), 2: (3, 3)}, range(5), "both")
    assert describe_finished(plan, objects_of(plan, 5)) == (
        "frames 3–4 are finished, frames 0–2 lack some objects; the rest is empty"
    )
