"""When each frame of a video is shown, and from where it can be decoded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Units by which times between even frames may differ: each time is rounded to one.
_ROUNDED = 2
_EVEN = 0.01


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A frame that can be decoded without others.

    Attributes
    ----------
    shown : int
        When it is shown, in the stream's time base.
    timestamp : int
        Where to seek to get it.
    position : int
        Number of frames that are shown before it.
    """

    shown: int
    timestamp: int
    position: int


@dataclass(frozen=True, slots=True)
class VideoIndex:
    """The times at which frames are shown, in order.

    Attributes
    ----------
    shown : tuple of int
        One time per frame.
    keys : tuple of KeyFrame
        In order; empty when the file's times cannot be trusted, and every frame has
        to be counted from the first one.
    """

    shown: tuple[int, ...]
    keys: tuple[KeyFrame, ...]

    def __len__(self) -> int:
        """Count the frames."""
        return len(self.shown)

    def position(self, shown: int | None) -> int | None:
        """Return the number of the frame that is shown at a time, or None."""
        if shown is None:
            return None
        found = bisect_left(self.shown, shown)
        if found < len(self.shown) and self.shown[found] == shown:
            return found
        # a frame that an edit list hides comes before all others
        return -1 if self.shown and shown < self.shown[0] else None

    def key_before(self, frame: int) -> KeyFrame | None:
        """Return the last key frame from which ``frame`` can be decoded."""
        if frame >= len(self.shown):
            return None
        times = [key.shown for key in self.keys]
        found = bisect_right(times, self.shown[frame]) - 1
        return self.keys[found] if found >= 0 else None


def count_from_header(stream: Any) -> int | None:
    """Return the number of frames in the header, if duration and rate agree with it.

    They do not when an edit list hides frames, or a recording broke off.
    """
    if not (stream.frames and stream.duration and stream.average_rate):
        return None
    expected = float(stream.duration * stream.time_base * stream.average_rate)
    return stream.frames if abs(expected - stream.frames) < 0.5 else None


def announced_seconds(container: Any, stream: Any) -> float | None:
    """Return how long the header says that a film lasts; None where it does not.

    Only of kinds in which no edit list hides frames.
    """
    if "avi" in container.format.name and stream.frames and stream.base_rate:
        return float(stream.frames / stream.base_rate)
    if "matroska" in container.format.name:
        own = stream.metadata.get("DURATION", "").split(":")
        if len(own) == 3:
            hours, minutes, seconds = map(float, own)
            return 3600 * hours + 60 * minutes + seconds
        if container.duration and len(container.streams) == 1:
            return float(container.duration / 1e6)
    return None


@dataclass(frozen=True, slots=True)
class Spacing:
    """How frames follow each other, in units of a stream's time base.

    Attributes
    ----------
    first, last : int
        When the first and the last frame are shown.
    shortest, usual, longest : int
        Times between frames.
    """

    first: int
    last: int
    shortest: int
    usual: int
    longest: int

    @property
    def is_uneven(self) -> bool:
        """Whether times between frames differ by more than rounding."""
        return self.longest > 1.5 * self.usual or self.shortest < 0.5 * self.usual

    @property
    def varies(self) -> bool:
        """Whether times between frames differ at all, but for whole units."""
        tolerated = max(_ROUNDED, _EVEN * self.usual)
        return self.is_uneven or self.longest - self.shortest > tolerated


def spacing(times: Sequence[int]) -> Spacing | None:
    """Measure the times of frames, in order; None for less than three."""
    if len(times) < 3:
        return None
    steps = sorted(b - a for a, b in pairwise(times))
    return Spacing(times[0], times[-1], steps[0], steps[len(steps) // 2], steps[-1])


def scan(path: Path) -> VideoIndex:
    """Read the times of all frames from a file, without decoding any."""
    import av

    with av.open(path) as container:
        stream = container.streams.video[0]
        packets: list[tuple[int | None, int | None, bool, bool]] = []
        with suppress(av.error.FFmpegError):  # cut off: what was found is all there is
            packets.extend(
                (packet.pts, packet.dts, packet.is_keyframe, packet.is_discard)
                for packet in container.demux(stream)
                if packet.size and not packet.is_corrupt
            )
        return _index(packets, is_avi="avi" in container.format.name)


def _index(
    packets: list[tuple[int | None, int | None, bool, bool]], *, is_avi: bool
) -> VideoIndex:
    visible = [packet for packet in packets if not packet[3]]
    shown = sorted(pts for pts, *_ in visible if pts is not None)
    complete = len(set(shown)) == len(visible)
    # AVI has no presentation times: they are only right when no frame needs another
    if not complete or (is_avi and not all(packet[2] for packet in packets)):
        return VideoIndex(tuple(range(len(visible))), ())
    keys = [
        KeyFrame(pts, pts if dts is None else min(pts, dts), bisect_left(shown, pts))
        for pts, dts, is_key, _ in packets
        if is_key and pts is not None
    ]
    return VideoIndex(tuple(shown), tuple(sorted(keys, key=lambda key: key.shown)))
