"""Whole runs of a tracker, and clicks, on generated frames."""

from __future__ import annotations

from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from napari_sam2.benchmarking.clock import seconds
from napari_sam2.benchmarking.footage import BYTES, GeneratedFrames
from napari_sam2.benchmarking.footprint import peak_bytes, reset_peak
from napari_sam2.benchmarking.parts import click_steps
from napari_sam2.benchmarking.results import ClickTime, RunTime
from napari_sam2.core.prompts import PointPrompt
from napari_sam2.core.quality import EXACT
from napari_sam2.engine.device import inference
from napari_sam2.engine.options import TrackerOptions
from napari_sam2.engine.tracker import VideoTracker
from napari_sam2.engine.views.window import WindowOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.core.quality import Quality
    from napari_sam2.engine.network import Network
    from napari_sam2.model.config import Sam2Config

_CLICKS = 9
_BLOCK = 8
# One pass through the encoder per frame: its parts are measured so, too.
_WHOLE = WindowOptions(mode="off")


def tracker_on(
    model: Network,
    frames: GeneratedFrames,
    objects: int,
    quality: Quality = EXACT,
) -> VideoTracker:
    """Return a tracker of ``objects`` objects, each clicked on frame 0."""
    options = TrackerOptions(window=_WHOLE, quality=quality)
    tracker = VideoTracker(model, frames, limits=BYTES, options=options)
    for object_id in range(1, objects + 1):
        tracker.add(PointPrompt(object_id, 0, frames.point_yx(object_id)))
    return tracker


def warm_up_frames(config: Sam2Config, frames: int) -> int:
    """Return after how many frames all memories and pointers are full, if so many."""
    return min(max(config.memory_count, config.pointer_count) + 1, frames // 2)


def measure_run(
    model: Network,
    objects: int,
    frames: int,
    go_on: Callable[[], bool],
    quality: Quality = EXACT,
) -> RunTime | None:
    """Track objects through generated frames.

    Returns
    -------
    RunTime or None
        None if ``go_on`` said no in between.
    """
    stack = GeneratedFrames(frames + 1, model.config.image_size)
    reset_peak(model.device)
    tracker = tracker_on(model, stack, objects, quality)
    run = tracker.propagate(direction="forward")
    warm_up = warm_up_frames(model.config, frames)
    times: list[float] = []
    next(run)  # the clicked frame
    for _ in range(frames):
        if not go_on():
            return None
        times.append(seconds(lambda: next(run)))
    counted = seconds_per_frame(times[warm_up:])
    return RunTime(objects, frames, warm_up, counted, peak_bytes(model.device))


def seconds_per_frame(times: list[float]) -> float:
    """Return the median over blocks, for some frames are encoded together.

    The last block may be longer: it takes what is left over.
    """
    starts = range(0, max(1, len(times) - _BLOCK + 1), _BLOCK)
    ends = [*starts[1:], len(times)]
    return median(fmean(times[a:b]) for a, b in zip(starts, ends, strict=True))


def measure_clicks(model: Network) -> ClickTime:
    """Click on frames that were not seen before, and once more on each."""
    frames = GeneratedFrames(_CLICKS + 1, model.config.image_size)
    tracker = tracker_on(model, frames, 0)
    encode, decode = click_steps(model)
    turns = [
        (*_click_twice(tracker, frames, t), *_parts_once(model, encode, decode))
        for t in range(len(frames))
    ]
    unseen, seen, encoder, decoder = (
        median(times) for times in zip(*turns[1:], strict=True)
    )
    return ClickTime(unseen, seen, encoder + decoder, decoder)


def _click_twice(
    tracker: VideoTracker, frames: GeneratedFrames, frame: int
) -> tuple[float, float]:
    """Return how long a click takes on a new frame, and once more on the same."""
    prompt = PointPrompt(1, frame, frames.point_yx(1))
    frames[frame]  # drawn now: that is no part of reading

    def click() -> float:
        taken = seconds(lambda: tracker.add(prompt))
        tracker.remove_object(1)
        return taken

    return click(), click()


def _parts_once(
    model: Network, encode: Callable[[], Any], decode: Callable[[], Any]
) -> tuple[float, float]:
    with inference(model):
        return seconds(encode), seconds(decode)
