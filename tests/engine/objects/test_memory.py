"""What is kept of an object."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.engine.objects.memory import FrameMemory, MemoryBank
from tests.engine.stacks import NOWHERE


def memory() -> FrameMemory:
    return FrameMemory(torch.zeros(1), torch.zeros(1), NOWHERE)


def test_a_bank_finds_prompted_and_tracked_frames() -> None:
    bank = MemoryBank()
    prompted, tracked = memory(), memory()
    bank.conditioning[3] = prompted
    bank.remember(4, tracked, keep=5, reach=1)
    assert bank[3] is prompted
    assert bank[4] is tracked
    with pytest.raises(KeyError):
        bank[5]


@given(
    st.lists(st.integers(0, 60), max_size=200),
    st.lists(st.integers(0, 60), unique=True, max_size=3),
    st.integers(1, 8),
    st.integers(0, 4),
)
def test_a_bank_is_bounded_and_keeps_what_is_near(
    frames, prompted, keep, reach
) -> None:
    bank = MemoryBank(conditioning={frame: memory() for frame in prompted})
    order: list[int] = []
    for frame in frames:
        bank.remember(frame, memory(), keep, reach)
        order = [f for f in order if f != frame] + [frame]
        near = [f for f in order if any(abs(f - p) <= reach for p in prompted)]
        assert set(near) | set(order[-keep:]) >= set(bank.recent) >= set(near)
        assert len(bank.recent) >= min(keep, len(order))
        assert len(bank.recent) <= keep + len(near)
        assert list(bank.recent) == [f for f in order if f in bank.recent]


def test_forgetting_leaves_the_rest() -> None:
    bank = MemoryBank()
    for frame in range(5):
        bank.remember(frame, memory(), keep=10, reach=1)
    bank.forget(range(1, 4))
    bank.forget(range(100))
    assert not bank.recent
