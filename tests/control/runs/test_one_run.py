"""What is left of a run, and what is said of it, however it ended."""

from __future__ import annotations

import pytest

from napari_sam2.control.orders import RunOrder, RunStep
from napari_sam2.control.runs.one_run import Run
from napari_sam2.control.runs.pace import Pace


@pytest.fixture
def run() -> Run:
    """Return one that goes on with the last half of ten frames."""
    return Run(
        1,
        RunOrder((1,), "both", None, resumes=RunStep(5, 10)),
        {},
        Pace(0.0),
        None,
        steps=10,
    )


def test_what_a_run_continued_is_left_when_it_is_taken_back(run: Run) -> None:
    run.take_back()
    assert run.rest is run.order
    assert run.token.is_cancelled


@pytest.mark.parametrize("was_taken_back", [True, False])
def test_nothing_is_left_of_it_once_something_was_changed(run, was_taken_back) -> None:
    if was_taken_back:
        run.take_back()
    run.abandon("model")
    assert run.rest is None
    assert run.is_spoken_of == was_taken_back


def test_of_several_changes_the_first_with_a_name_is_spoken_of(run: Run) -> None:
    for change in ("", "quality", "model"):
        run.abandon(change)
    run.give_way()  # which brings no masks back
    assert run.is_void
    assert run.change == "quality"


def test_nothing_is_left_of_a_run_that_is_undone_while_it_gives_way(run: Run) -> None:
    run.give_way()
    assert run.rest is not None
    run.undo()
    assert run.is_void
    assert run.rest is None
