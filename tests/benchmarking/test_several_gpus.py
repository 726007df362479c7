"""Where there are several GPUs, the one that computes is looked at."""

from __future__ import annotations

import pytest
import torch

from napari_sam2.benchmarking.clock import finish
from napari_sam2.benchmarking.footprint import Footprint

SECOND = torch.device("cuda", 1)


@pytest.fixture
def held(monkeypatch) -> dict[int, int]:
    """Have two GPUs, and say how many bytes of each are taken."""
    taken = {0: 0, 1: 0}

    def of(device=0) -> int:
        return taken[device if isinstance(device, int) else device.index]

    for name in ("memory_allocated", "max_memory_allocated", "memory_reserved"):
        monkeypatch.setattr(torch.cuda, name, of)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device=0: None)
    return taken


@pytest.mark.parametrize("used", [(), (1,), (0, 1)])
def test_the_clock_waits_for_all_that_compute(used, held, monkeypatch) -> None:
    waited = []
    monkeypatch.setattr(
        torch.cuda, "synchronize", lambda device=0: waited.append(device)
    )
    for number in used:
        held[number] = 1 << 20
    finish()
    assert waited == [*used]


def test_memory_is_that_of_the_device_that_computes(held) -> None:
    footprint = Footprint(100, SECOND)
    with footprint.counting():
        held[1] += 30
        held[0] += 5
    assert footprint.held == footprint.peak == 130


def test_without_a_gpu_nothing_is_counted(held) -> None:
    footprint = Footprint(0, torch.device("cpu"))
    with footprint.counting():
        held[0] += 5
    assert footprint.peak == 0
