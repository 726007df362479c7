"""Track many objects through a very long stack: does anything grow, slow down or leak?

python -m tests.benchmarks.soak
python -m tests.benchmarks.soak --objects 4 --frames 1500
python -m tests.benchmarks.soak --model miniature

With nano it takes 100 minutes of one core. The miniature of the tests takes the same
way through everything around the network, and minutes.

Compares the first window of frames after a warm-up with the last one, 1,000 frames each
(fewer in a shorter run). Time is judged by what the processor worked for a frame: other
programs cannot change that. The exit code is 1 if something is not flat.
"""

from __future__ import annotations

import argparse
import gc
import sys
import threading
import time
from dataclasses import dataclass
from statistics import fmean, median

import psutil

from napari_sam2 import VideoTracker, load_model
from napari_sam2.benchmarking.footage import BYTES, GeneratedFrames
from napari_sam2.core.prompts import PointPrompt
from napari_sam2.engine.frames.encoding import bytes_per_frame
from napari_sam2.engine.options import TrackerOptions
from tests.miniature import seeded_model

FLAT = 1.1
# Features of so many frames: kept within the warm-up, so that memory can be flat.
FRAMES_KEPT = 64
LONGEST_WINDOW = 1000


@dataclass(frozen=True)
class Frame:
    """One frame: seconds passed, seconds worked, MiB held."""

    wall: float
    work: float
    mib: float


def main() -> int:
    """Run, print the table, and say whether it is flat."""
    options = _parse()
    is_small = options.model == "miniature"
    model = seeded_model() if is_small else load_model(options.model)
    process = psutil.Process()
    _track(model, 1, 10)  # what is made once, such as pools of threads
    before = _held(process)
    frames = _track(model, options.objects, options.frames)
    gc.collect()
    after = _held(process)
    window = min(LONGEST_WINDOW, len(frames) // 4)
    pair = frames[window : 2 * window], frames[-window:]
    print(f"{options.model}, {options.objects} objects, {options.frames:,} frames,")
    print(f"windows of {window:,} frames, the first of them after as many\n")
    print("| | first | last | ratio | flat |\n|---|--:|--:|--:|---|")
    is_flat = [
        _row("memory, MiB", *(median(f.mib for f in some) for some in pair)),
        _row("work per frame, ms", *(1e3 * fmean(f.work for f in s) for s in pair)),
        _row("threads", before[0], after[0], at_most=1),
        _row("open files or handles", before[1], after[1], at_most=1),
    ]
    wall = [1e3 * fmean(f.wall for f in some) for some in pair]
    print(
        f"\nms passed per frame, other programs included: {wall[0]:.0f}, {wall[1]:.0f}"
    )
    return 0 if all(is_flat) else 1


def _track(model, objects: int, count: int) -> list[Frame]:
    stack = GeneratedFrames(count, model.config.image_size)
    kept = FRAMES_KEPT * bytes_per_frame(model.config)
    options = TrackerOptions(feature_cache_bytes=kept)
    tracker = VideoTracker(model, stack, limits=BYTES, options=options)
    for object_id in range(1, objects + 1):
        tracker.add(PointPrompt(object_id, 0, stack.point_yx(object_id)))
    process, frames = psutil.Process(), []
    wall, work = time.perf_counter(), time.process_time()
    for _ in tracker.propagate(direction="forward"):
        now, worked = time.perf_counter(), time.process_time()
        mib = process.memory_info().rss / 2**20
        frames.append(Frame(now - wall, worked - work, mib))
        wall, work = now, worked
    return frames


def _held(process: psutil.Process) -> tuple[int, int]:
    """Count threads of Python, and open files (on Windows: handles)."""
    count = getattr(process, "num_fds", None) or process.num_handles
    return threading.active_count(), count()


def _row(name: str, first: float, last: float, at_most: float = FLAT) -> bool:
    is_flat = last <= first * at_most
    answer = "yes" if is_flat else "NO"
    print(f"| {name} | {first:.0f} | {last:.0f} | {last / first:.3f} | {answer} |")
    return is_flat


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="nano")
    parser.add_argument("--objects", type=int, default=20)
    parser.add_argument("--frames", type=int, default=20_000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
