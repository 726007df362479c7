"""What a frame looks at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.engine.objects.selection import (
    MemoryRules,
    nearest_prompted,
    select_memories,
)

RULES = MemoryRules(memory_count=7, pointer_count=16)
FEW = MemoryRules(memory_count=7, pointer_count=16, recent_frames=2)
FRAMES = st.lists(st.integers(0, 40), unique=True, max_size=12)


def select(conditioning, recent, frame, *, is_reverse=False, count=100, rules=RULES):
    return select_memories(
        conditioning, recent, frame, is_reverse=is_reverse, frame_count=count,
        rules=rules,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("conditioning", "recent", "frame", "is_reverse", "spatial", "pointers"),
    [
        pytest.param([0], [], 1, False, [(0, 0)], [(1, 0)], id="second frame"),
        pytest.param(
            [0],
            [1, 2, 3],
            4,
            False,
            [(0, 0), (4, 1), (5, 2), (6, 3)],
            [(4, 0), (1, 3), (2, 2), (3, 1)],
            id="fifth frame: oldest to newest, pointers newest first",
        ),
        pytest.param(
            [5],
            [4, 3],
            2,
            True,
            [(0, 5), (5, 4), (6, 3)],
            [(3, 5), (1, 3), (2, 4)],
            id="backward",
        ),
        pytest.param(
            [0],
            [1, 5],
            6,
            False,
            [(0, 0), (2, 1), (6, 5)],
            [(6, 0), (1, 5), (5, 1)],
            id="missing frames are skipped, not padded",
        ),
        pytest.param(
            [9, 0],
            [1],
            2,
            False,
            [(0, 9), (0, 0), (6, 1)],
            [(2, 0), (1, 1)],
            id="a future prompt is seen, its pointer is not; order of prompting",
        ),
        pytest.param(
            [3], [2, 4], 3, False, [(6, 2)], [(1, 2)], id="not the frame itself"
        ),
        pytest.param([], [], 3, False, [], [], id="nothing"),
        pytest.param(
            [0],
            [4, 6],
            5,
            False,
            [(0, 0), (6, 4)],
            [(5, 0), (1, 4)],
            id="later tracked frames are not looked at",
        ),
    ],
)
def test_selection(conditioning, recent, frame, is_reverse, spatial, pointers) -> None:
    selection = select(conditioning, recent, frame, is_reverse=is_reverse)
    assert list(selection.spatial) == spatial
    assert list(selection.pointers) == pointers


def test_pointers_reach_back_fifteen_frames() -> None:
    selection = select([0], range(1, 50), 50)
    assert [age for age, _ in selection.pointers] == [50, *range(1, 16)]


def test_short_stacks_reach_back_less() -> None:
    selection = select([0], range(1, 4), 4, count=3)
    assert [age for age, _ in selection.pointers] == [4, 1, 2]


def test_prompted_frames_over_the_cap_are_ordinary_neighbours() -> None:
    rules = MemoryRules(7, 16, nearest_prompts=1)
    selection = select([0, 4, 6, 7], [5], 8, rules=rules)
    assert selection.spatial == ((0, 0), (0, 7), (3, 4), (4, 5), (5, 6))
    assert [f for _, f in selection.pointers] == [0, 7, 6, 5, 4]


def test_fewer_of_the_last_frames_keep_their_age_and_pointers() -> None:
    everything = select([0, 20], range(1, 9), 9)
    few = select([0, 20], range(1, 9), 9, rules=FEW)
    assert few.spatial == ((0, 0), (0, 20), (5, 7), (6, 8))
    assert few.pointers == everything.pointers
    none_left_out = MemoryRules(7, 16, recent_frames=6)
    assert select([0, 20], range(1, 9), 9, rules=none_left_out) == everything


def test_a_run_reaches_as_far_as_it_looks() -> None:
    assert RULES.reach == (6, 15)
    assert FEW.reach == (2, 15)
    assert MemoryRules(memory_count=5, pointer_count=1).reach == (4, 4)


def test_frames_of_which_only_the_pointer_is_known_are_not_looked_at_otherwise() -> (
    None
):
    known = select([0], range(1, 9), 9)
    thin = select_memories(
        [0], range(1, 9), 9, is_reverse=False, frame_count=100, rules=RULES, thin={4, 7}
    )
    assert thin.spatial == tuple(one for one in known.spatial if one[1] not in (4, 7))
    assert thin.pointers == known.pointers


@given(
    FRAMES, FRAMES, st.integers(0, 40), st.booleans(), st.integers(1, 8),
    st.integers(1, 17), st.none() | st.integers(0, 5), st.integers(1, 100),
)  # fmt: skip
def test_whatever_is_remembered(
    conditioning, recent, frame, is_reverse, memory_count, pointer_count, nearest, count
) -> None:
    rules = MemoryRules(memory_count, pointer_count, nearest)
    selection = select(
        conditioning, recent, frame, is_reverse=is_reverse, count=count, rules=rules
    )
    sign = 1 if is_reverse else -1
    prompted = [f for slot, f in selection.spatial if slot == 0]
    neighbours = [(slot, f) for slot, f in selection.spatial if slot > 0]
    looked_at = [f for _, f in selection.spatial]
    assert frame not in looked_at
    assert len(set(looked_at)) == len(looked_at)
    assert set(looked_at) <= {*conditioning, *recent}
    assert set(prompted) <= set(conditioning)
    assert len(neighbours) <= memory_count - 1
    assert neighbours == sorted(neighbours)
    assert all(f == frame + sign * (memory_count - slot) for slot, f in neighbours)
    pointed_at = [f for _, f in selection.pointers]
    assert frame not in pointed_at
    assert all(age == (f - frame) * sign > 0 for age, f in selection.pointers)
    assert len(pointed_at) <= len(prompted) + min(count, pointer_count) - 1
    if nearest is not None:
        assert len(prompted) <= nearest + 1


@given(FRAMES, st.integers(0, 40), st.integers(0, 6))
def test_the_cap_keeps_the_first_and_the_nearest(frames, frame, nearest) -> None:
    kept = nearest_prompted(frames, frame, nearest)
    assert [f for f in frames if f in kept] == kept
    assert len(kept) == min(len(frames), len(kept))
    if not frames:
        return
    assert min(frames) in kept
    assert len(kept) >= min(len(frames), nearest)
    if nearest >= 2:
        before, after = (
            [f for f in frames if f < frame],
            [f for f in frames if f >= frame],
        )
        assert not before or max(before) in kept
        assert not after or min(after) in kept


@given(FRAMES, st.integers(0, 40))
def test_without_a_cap_everything_is_kept(frames, frame) -> None:
    assert nearest_prompted(frames, frame, None) == frames
