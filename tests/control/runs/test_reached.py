"""What a run has reached takes little memory, however long it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.control.runs.reached import Reached

places = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 12)))


@given(places)
def test_it_is_what_was_added(added) -> None:
    reached = Reached()
    for place in added:
        reached.add(*place)
    again = Reached(reached.ranges)
    for one in (reached, again):
        found = {(i, f) for i, a, b in one.ranges for f in range(a, b)}
        assert found == set(added)


def test_a_run_both_ways_is_one_range() -> None:
    reached = Reached()
    for frame in (*range(40, 100), *reversed(range(40))):
        reached.add(1, frame)
    assert reached.ranges == ((1, 0, 100),)
