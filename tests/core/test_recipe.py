"""Of several trackers, results say how the one that worked last was made."""

from __future__ import annotations

from napari_sam2.core.recipe import Followed, Made, Told, last_used

FIRST, SECOND = Made("nano", precision="bfloat16"), Made("nano", precision="float32")


def test_a_tracker_that_only_was_opened_made_nothing() -> None:
    assert last_used((FIRST, Told(1, 0), SECOND)) is FIRST
    assert last_used((FIRST, Told(1, 0), SECOND, Followed((1,)))) is SECOND


def test_where_none_worked_the_last_one_is_meant() -> None:
    assert last_used((FIRST, SECOND)) is SECOND
    assert last_used(()) == Made("")
