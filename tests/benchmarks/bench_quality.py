"""How much sooner masks come with each named quality: tracking, and clicks.

Run ``python -m tests.benchmarks.bench_quality [MODEL] [OBJECTS] [TURNS]``; models that
are not here get noise as weights, which takes the same time. All qualities take turns,
frame by frame, in one process. Times are computing time, and so those of one core where
``OMP_NUM_THREADS=1`` is set: other programs then change them little. What masks lose is
measured by ``napari-sam2 evaluate --quality``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from napari_sam2.benchmarking.footage import GeneratedFrames
from napari_sam2.benchmarking.models import open_model
from napari_sam2.benchmarking.runs import tracker_on, warm_up_frames
from napari_sam2.core.prompts import PointPrompt
from napari_sam2.core.quality import NAMED, Quality
from napari_sam2.engine.network import Network

SIDE = 512

Networks = dict[str, Network]
Times = dict[str, float]


def take_turns(steps: dict[str, Callable[[], Any]], turns: int, skip: int = 0) -> Times:
    """Return medians of seconds of computing, by quality."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(skip + turns):
        for name, step in steps.items():
            begun = time.process_time()
            step()
            if turn >= skip:
                times[name].append(time.process_time() - begun)
    return {name: median(each) for name, each in times.items()}


def tracking(networks: Networks, objects: int, turns: int) -> Times:
    """Return seconds per frame once memories are full."""
    skip = warm_up_frames(networks["exact"].config, 1000)
    stack = GeneratedFrames(1 + skip + turns, SIDE)
    runs = {
        name: tracker_on(one, stack, objects, NAMED[name]).propagate()
        for name, one in networks.items()
    }
    steps = {name: lambda run=run: next(run) for name, run in runs.items()}
    return take_turns(steps, turns, skip)


def clicking(networks: Networks, turns: int) -> Times:
    """Return seconds until a click on a frame that was not seen before is a mask."""

    stack = GeneratedFrames(1, SIDE)
    stack[0]  # drawn now: that is no part of a click

    def click(network: Network, quality: Quality) -> None:
        tracker = tracker_on(network, stack, 0, quality)
        tracker.add(PointPrompt(1, 0, stack.point_yx(1)))

    steps = {
        name: lambda one=one, name=name: click(one, NAMED[name])
        for name, one in networks.items()
    }
    return take_turns(steps, turns)


def main(model: str = "nano", objects: str = "1", turns: str = "5") -> None:
    """Print one line per quality and kind of work."""
    networks = {
        name: open_model(model, device="cpu", quality=one)[0]
        for name, one in NAMED.items()
    }
    for what, took in (
        (f"tracking {objects}", tracking(networks, int(objects), int(turns))),
        ("a click on a new frame", clicking(networks, int(turns))),
    ):
        for name, seconds in took.items():
            size, gain = networks[name].config.image_size, took["exact"] / seconds
            print(f"{model}, {what}, {name}, {size} px: {seconds:.3f} s, {gain:.2f} ×")


if __name__ == "__main__":
    main(*sys.argv[1:])
