"""Numbers and frames as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def human_rate(frames_per_second: float) -> str:
    """Write a rate with two or three digits, per minute when it is that slow."""
    if frames_per_second < 0.1:
        return f"{frames_per_second * 60:.1f} frames/min"
    return f"{frames_per_second:.{0 if frames_per_second >= 100 else 1}f} frames/s"


def human_time(seconds: float) -> str:
    """Write a duration as ``0:04``, ``12:30`` or ``3:05:00``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def frame_ranges(frames: Iterable[int]) -> str:
    """Write frames as ``0–37, 40``."""
    spans: list[list[int]] = []
    for frame in sorted(frames):
        if spans and frame == spans[-1][1] + 1:
            spans[-1][1] = frame
        else:
            spans.append([frame, frame])
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in spans)


def frames_in_words(frames: Collection[int]) -> str:
    """Write frames as ``frame 3`` or ``frames 0–37, 40``."""
    return f"frame{'s' if len(frames) > 1 else ''} {frame_ranges(frames)}"


def as_options(arguments: Mapping[str, object]) -> str:
    """Write arguments as options: ``--at t=1 --at z=3`` for ``at={"t": 1, "z": 3}``."""
    return " ".join(
        f"--{name}" if value is True else f"--{name} {value}"
        for name, given in arguments.items()
        for value in _values(given)
    )


def _values(given: object) -> list[object]:
    if isinstance(given, Mapping):
        return [f"{key}={value}" for key, value in given.items()]
    return given if isinstance(given, list) else [given]
