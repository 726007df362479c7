"""What went wrong is a sentence, and what nobody foresaw is logged as well."""

from __future__ import annotations

import logging

import pytest

from napari_sam2.control.runs.pace import TimeLeft
from napari_sam2.control.status import explain, is_foreseen
from napari_sam2.core.cancel import Progress
from napari_sam2.core.errors import FrameError
from tests.control.conftest import Desk, click

OUT_OF_MEMORY = [
    MemoryError("no more"),
    RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("DefaultCPUAllocator: can't allocate memory"),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_memory_that_runs_out_is_explained_with_a_remedy(error: Exception) -> None:
    assert is_foreseen(error)
    assert "ran out of memory" in explain(error)
    assert "choose a smaller model" in explain(error)


def test_a_file_that_is_lost_is_named() -> None:
    error = FileNotFoundError(2, "No such file or directory", "cells.tif")
    assert "cells.tif" in explain(error)
    assert not is_foreseen(error)


def test_errors_of_our_own_are_their_sentence() -> None:
    assert explain(FrameError("Frame 4 is gone.")) == "Frame 4 is gone."


@pytest.mark.parametrize(
    ("error", "count"), [(ValueError("shapes differ"), 1), (FrameError("gone"), 0)]
)
def test_only_what_nobody_foresaw_is_logged(
    desk: Desk, error: Exception, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    desk.add(1)
    desk.say(1, 0, click(20, 30))
    desk.factory.tracker.fail_at[4] = error
    with caplog.at_level(logging.ERROR):
        desk.controller.run()
    assert len([r for r in caplog.records if r.exc_info]) == count


def test_time_left_is_known_once_it_has_got_going() -> None:
    left = TimeLeft()
    assert left.seconds(Progress(0, 100, "a"), 0.0) is None
    assert left.seconds(Progress(1, 100, "a"), 0.1) is None
    assert left.seconds(Progress(20, 100, "a"), 1.0) == pytest.approx(4.0)
    assert left.seconds(Progress(30, 100, "b"), 1.1) is None
    assert left.seconds(Progress(0, 0, "b"), 9.0) is None
