"""What is told when a run breaks off."""

from __future__ import annotations

from itertools import islice

from napari_sam2.cli.jobs.course import describe_finished
from napari_sam2.engine.runs.plan import Plan


def objects_of(plan: Plan, steps: int) -> dict[int, set[int]]:
    done: dict[int, set[int]] = {}
    for step in islice(plan.steps(), steps):
        done.setdefault(step.frame, set()).update(step.object_ids)
    return done


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
