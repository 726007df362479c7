"""A progress bar for frames on stderr, silent where nobody watches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from napari_sam2.cli.progress.passing_line import PassingLine
from napari_sam2.cli.wording import human_rate, human_time
from napari_sam2.core.cancel import Progress

if TYPE_CHECKING:
    from typing import TextIO

_WIDTH = 24


class FrameBar:
    """Draws how many frames are done, how fast it goes and how long it will take.

    Parameters
    ----------
    total : int
        Steps in all: frames, of which some come twice when going both ways.
    label : str
        What is being done.
    stream : text file, optional
        Where to draw, if it is a terminal; stderr by default.
    begun : int, optional
        Steps that were done before, which say nothing of how fast it goes.
    """

    def __init__(
        self,
        total: int,
        label: str = "tracking",
        stream: TextIO | None = None,
        *,
        begun: int = 0,
    ) -> None:
        self._total = total
        self._begun = self._done = begun
        self._label = label
        self._line = PassingLine(stream)
        self._started = time.monotonic()

    def __enter__(self) -> FrameBar:
        """Show that work has begun."""
        self.show(self._begun)
        return self

    def __exit__(self, *_: object) -> None:
        """Wipe the bar."""
        self._line.wipe()

    def show(self, done: int, label: str | None = None) -> None:
        """Draw the bar, not more often than a person can follow."""
        self._label = label or self._label
        self._done = done
        progress = Progress(done, self._total, self._label)
        seconds = time.monotonic() - self._started
        self._line.show(lambda: frame_line(progress, seconds, self._begun))

    def advance(self) -> None:
        """Draw one more step."""
        self.show(self._done + 1)

    def watch(self, progress: Progress) -> None:
        """Draw progress that brings its total along."""
        self._total = progress.total
        self.show(progress.done)


def frame_line(progress: Progress, seconds: float, begun: int = 0) -> str:
    """Write progress as ``tracking [####    ] 35 of 70, 8.3 frames/s, 0:04 left``."""
    done, total = progress.done, progress.total
    bar = "#" * round(_WIDTH * (done / total if total else 1.0))
    line = f"{progress.label} [{bar:<{_WIDTH}}] {done} of {total}"
    if done <= begun or seconds <= 0:
        return line
    rate = (done - begun) / seconds
    return f"{line}, {human_rate(rate)}, {human_time((total - done) / rate)} left"
