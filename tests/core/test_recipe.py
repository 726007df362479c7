"""Of several trackers, results say how the one that worked last was made."""

from __future__ import annotations

from napari_sam2.core.frames.intensity import as_limits
from napari_sam2.core.quality import FAST
from napari_sam2.core.recipe import Followed, Made, Told, last_used

FIRST, SECOND = Made("nano", precision="bfloat16"), Made("nano", precision="float32")


def test_a_tracker_that_only_was_opened_made_nothing() -> None:
    assert last_used((FIRST, Told(1, 0), SECOND)) is FIRST
    assert last_used((FIRST, Told(1, 0), SECOND, Followed((1,)))) is SECOND


def test_where_none_worked_nothing_is_said_but_the_model() -> None:
    opened = Made("large", "ab", as_limits(0, 9), quality=FAST, precision="bfloat16")
    assert last_used((FIRST, opened)) == Made("large", "ab")
    assert last_used(()) == Made("")
