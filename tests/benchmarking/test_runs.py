"""How long a frame takes, though some frames wait for those encoded with them."""

from __future__ import annotations

import pytest

from napari_sam2.benchmarking.runs import seconds_per_frame


@pytest.mark.parametrize("count", [4, 8, 12, 16, 40, 44])
@pytest.mark.parametrize("start", range(4))
def test_what_is_encoded_for_several_frames_counts_for_all(count, start) -> None:
    times = [5.0 if (start + t) % 4 == 0 else 1.0 for t in range(count)]
    assert seconds_per_frame(times) == pytest.approx(2.0)


def test_a_frame_that_was_held_up_changes_little() -> None:
    times = [1.0] * 40
    times[17] = 100.0
    assert seconds_per_frame(times) == 1.0


def test_a_short_run_is_one_block() -> None:
    assert seconds_per_frame([3.0, 1.0, 2.0]) == 2.0
