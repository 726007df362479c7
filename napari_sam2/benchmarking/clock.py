"""A stopwatch that waits for the device, and medians of what it shows."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

_FEWEST, _MOST = 3, 20
_ENOUGH_SECONDS = 1.0


def seconds(work: Callable[[], Any]) -> float:
    """Time one call, and what it left a GPU to do."""
    finish()
    begin = time.perf_counter()
    work()
    finish()
    return time.perf_counter() - begin


def finish() -> None:
    """Wait until every GPU has done what it was given."""
    if torch.cuda.is_initialized():
        for number in range(torch.cuda.device_count()):
            if torch.cuda.memory_reserved(number):  # others need not be woken
                torch.cuda.synchronize(number)
    if torch.backends.mps.is_available():
        torch.mps.synchronize()


def median_seconds(work: Callable[[], Any]) -> float:
    """Return the median of repeated calls, in seconds, after one that does not count.

    There are 3 to 20 calls, as many as fit into a second.
    """
    work()
    times: list[float] = []
    while len(times) < _FEWEST or (len(times) < _MOST and sum(times) < _ENOUGH_SECONDS):
        times.append(seconds(work))
    return median(times)


def take_turns(
    reference: Callable[[], Any], ours: Callable[[], Any], repeats: int
) -> tuple[float, float]:
    """Return both medians of ``repeats`` calls, made alternately after a warm-up."""
    reference()
    ours()
    pairs = [(seconds(reference), seconds(ours)) for _ in range(repeats)]
    theirs, mine = zip(*pairs, strict=True)
    return median(theirs), median(mine)
