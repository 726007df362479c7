"""What is kept of an object."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.engine.objects.memory import FrameMemory, MemoryBank
from napari_sam2.engine.objects.selection import MemoryRules, Reach
from tests.engine.stacks import NOWHERE

REACH = Reach(spatial=2, pointers=4)


def memory() -> FrameMemory:
    return FrameMemory(torch.zeros(1), torch.zeros(1), NOWHERE, torch.zeros(1))


def test_a_bank_finds_prompted_and_tracked_frames() -> None:
    bank = MemoryBank()
    prompted, tracked = memory(), memory()
    bank.conditioning[3] = prompted
    bank.remember(4, tracked, 5, REACH)
    assert bank[3] is prompted
    assert bank[4] is tracked
    with pytest.raises(KeyError):
        bank[5]


@given(
    st.lists(st.integers(0, 60), max_size=200),
    st.lists(st.integers(0, 60), unique=True, max_size=3),
    st.integers(1, 8),
    st.builds(Reach, st.integers(0, 3), st.integers(3, 5)),
)
def test_the_last_frames_are_kept_whole_and_others_as_far_as_runs_look_at_them(
    frames, prompted, keep, reach
) -> None:
    bank = MemoryBank(conditioning={frame: memory() for frame in prompted})
    order: list[int] = []
    for frame in frames:
        bank.remember(frame, memory(), keep, reach)
        order = [f for f in order if f != frame] + [frame]
        assert list(bank.recent) == order[-keep:]
        assert all(one.logits is not None for one in bank.recent.values())
        far = {f: min((abs(f - p) for p in prompted), default=99) for f in order}
        near = {f for f in order[:-keep] if far[f] <= reach.pointers}
        assert bank.around.keys() == near
        for one, kept in bank.around.items():
            assert kept.logits is None
            assert (kept.spatial is not None) == (far[one] <= reach.spatial)


@pytest.mark.parametrize("is_reverse", [False, True])
def test_where_only_a_pointer_is_kept_only_that_is_looked_at(is_reverse) -> None:
    bank = MemoryBank({9: memory()})
    for frame in (5, 6, 7, 8, 10, 11, 12, 13):
        bank.remember(frame, memory(), 0, REACH)
    looked_at = bank.select(
        14 if not is_reverse else 4, is_reverse=is_reverse, frame_count=20,
        rules=MemoryRules(memory_count=6, pointer_count=6),
    )  # fmt: skip
    before = [10, 11] if not is_reverse else [8, 7]
    assert [f for slot, f in looked_at.spatial if slot] == [*before]
    assert {f for age, f in looked_at.pointers if age < 5} == (
        {10, 11, 12, 13} if not is_reverse else {5, 6, 7, 8}
    )


def test_what_is_far_is_forgotten_and_what_is_near_thinned() -> None:
    bank = MemoryBank({3: memory()})
    for frame in range(4, 20):
        bank.remember(frame, memory(), 10, REACH)
    assert bank.forget_far([3, 19], REACH)
    assert not bank.recent
    assert {f for f, one in bank.around.items() if one.spatial is not None} == {
        4, 5, 17, 18, 19
    }  # fmt: skip
    assert sorted(bank.around) == [4, 5, 6, 7, *range(15, 20)]
    assert all(one.logits is None for one in bank.around.values())
    assert not bank.forget_far([3, 19], REACH)


def test_forgetting_leaves_the_rest() -> None:
    bank = MemoryBank({5: memory()})
    for frame in range(5):
        bank.remember(frame, memory(), 2, REACH)
    bank.forget(range(1, 4))
    assert (list(bank.around), list(bank.recent)) == ([], [4])
    bank.forget(range(100))
    assert not bank.recent
