"""Groups that fit the device: what happens when memory runs out."""

from __future__ import annotations

import logging

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from napari_sam2.core.errors import GpuMemoryError
from napari_sam2.engine.device import inference
from napari_sam2.engine.groups import GroupRunner


class Device:
    """Answers for at most ``capacity`` objects at once."""

    full: Exception = torch.OutOfMemoryError("CUDA out of memory")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.tried: list[int] = []

    def __call__(self, chunk):
        self.tried.append(len(chunk))
        if len(chunk) > self.capacity:
            raise self.full
        return [10 * one for one in chunk]


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 30))
def test_every_object_is_answered_in_order(size, capacity, count) -> None:
    device, runner = Device(capacity), GroupRunner(size)
    for _ in range(2):
        assert runner.run(range(count), device) == [10 * i for i in range(count)]
    assert runner.size <= size
    assert all(tried <= size for tried in device.tried)


def test_the_group_is_halved_once_and_stays_small(caplog) -> None:
    device, runner = Device(4), GroupRunner(8)
    with caplog.at_level(logging.WARNING, "napari_sam2"):
        runner.run(range(10), device)
        runner.run(range(4), device)
    assert device.tried == [8, 4, 4, 2, 4]
    assert "objects are computed 4 at a time" in caplog.text


def test_apples_reserve_is_given_back_where_the_group_is_halved(monkeypatch) -> None:
    given_back = []
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "empty_cache", lambda: given_back.append(True))
    GroupRunner(8).run(range(4), Device(1))
    assert len(given_back) == 2


def test_the_group_is_halved_where_a_processor_has_no_more_memory() -> None:
    device = Device(1)
    device.full = RuntimeError("DefaultCPUAllocator: can't allocate memory")
    assert GroupRunner(4).run(range(3), device) == [0, 10, 20]
    assert device.tried == [3, 1, 1, 1]


def test_when_one_object_does_not_fit_the_error_says_what_to_change(miniature) -> None:
    runner = GroupRunner(4)
    with (
        pytest.raises(GpuMemoryError, match=r"dock.*--device cpu"),
        inference(miniature),
    ):
        runner.run(range(3), Device(0))


def test_other_errors_pass() -> None:
    def step(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        GroupRunner(4).run(range(3), step)
