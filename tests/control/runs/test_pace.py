"""Speed is that of the last frames, and unknown before the first."""

from __future__ import annotations

import pytest

from napari_sam2.control.runs.pace import Pace


def test_nothing_is_known_before_the_clock_moves() -> None:
    pace = Pace(5.0)
    assert pace.per_second is None
    assert pace.seconds_for(10) is None
    pace.step(5.0)
    assert pace.per_second is None


def test_speed_and_time_left() -> None:
    pace = Pace(0.0)
    for now in (1.0, 2.0, 4.0):
        pace.step(now)
    assert pace.per_second == pytest.approx(0.75)
    assert pace.seconds_for(3) == pytest.approx(4.0)


def test_a_slow_start_is_forgotten() -> None:
    pace = Pace(0.0)
    for number in range(40):
        pace.step(100.0 + number)
    assert pace.per_second == pytest.approx(1.0)
