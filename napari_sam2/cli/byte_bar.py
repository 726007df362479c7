"""A progress bar for bytes on stderr, silent where nobody watches."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, TextIO, TypeVar

from napari_sam2.engine.weights import human_size

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_sam2.core.cancel import Progress

_T = TypeVar("_T")

_WIDTH = 24
_SECONDS_BETWEEN = 0.1


def watch(steps: Generator[Progress, None, _T], stream: TextIO | None = None) -> _T:
    """Run steps to their end, drawing a bar; return what they return.

    Parameters
    ----------
    steps : generator of Progress
        Progress in bytes. It is closed whatever happens.
    stream : text file, optional
        Where to draw, if it is a terminal; stderr by default.
    """
    stream = sys.stderr if stream is None else stream
    drawn_at, line = 0.0, ""
    with closing(steps):
        try:
            while True:
                progress = next(steps)
                now = time.monotonic()
                if stream.isatty() and now - drawn_at >= _SECONDS_BETWEEN:
                    _redraw(stream, line, line := bar_line(progress))
                    drawn_at = now
        except StopIteration as end:
            outcome: _T = end.value
            return outcome
        finally:
            if line:
                _redraw(stream, line, "")
                stream.write("\r")


def _redraw(stream: TextIO, old: str, new: str) -> None:
    # Spaces, because not every Windows console knows the code that clears a line.
    stream.write(f"\r{new:<{len(old)}}")
    stream.flush()


def bar_line(progress: Progress) -> str:
    """Write progress as ``checking nano [####    ] 50%, 3.5 MB of 6.9 MB``."""
    share = progress.done / progress.total if progress.total else 1.0
    bar = "#" * round(share * _WIDTH)
    return (
        f"{progress.label} [{bar:<{_WIDTH}}] {share:.0%}, "
        f"{human_size(progress.done)} of {human_size(progress.total)}"
    )
