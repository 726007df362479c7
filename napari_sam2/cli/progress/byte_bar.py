"""A progress bar for bytes on stderr, silent where nobody watches."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, TextIO, TypeVar

from napari_sam2.cli.progress.passing_line import PassingLine
from napari_sam2.engine.weights import human_size

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_sam2.core.cancel import Progress

_T = TypeVar("_T")

_WIDTH = 24


def watch(steps: Generator[Progress, None, _T], stream: TextIO | None = None) -> _T:
    """Run steps to their end, drawing a bar; return what they return.

    Parameters
    ----------
    steps : generator of Progress
        Progress in bytes. It is closed whatever happens.
    stream : text file, optional
        Where to draw, if it is a terminal; stderr by default.
    """
    line = PassingLine(stream)
    with closing(steps):
        try:
            while True:
                progress = next(steps)
                line.show(partial(bar_line, progress))
        except StopIteration as end:
            outcome: _T = end.value
            return outcome
        finally:
            line.wipe()


def bar_line(progress: Progress) -> str:
    """Write progress as ``checking nano [####    ] 50%, 3.5 MB of 6.9 MB``."""
    share = progress.done / progress.total if progress.total else 1.0
    bar = "#" * round(share * _WIDTH)
    return (
        f"{progress.label} [{bar:<{_WIDTH}}] {share:.0%}, "
        f"{human_size(progress.done)} of {human_size(progress.total)}"
    )
