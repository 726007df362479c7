"""A line on stderr that is drawn over and over, silent where nobody watches."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

_SECONDS_BETWEEN = 0.1


class PassingLine:
    """Draws one line, not more often than a person can follow.

    Parameters
    ----------
    stream : text file, optional
        Where to draw, if it is a terminal; stderr by default.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._line = ""
        self._drawn_at = 0.0

    def show(self, words: Callable[[], str]) -> None:
        """Draw what ``words`` returns, unless it was drawn a moment ago."""
        now = time.monotonic()
        if self._is_watched and now - self._drawn_at >= _SECONDS_BETWEEN:
            self._drawn_at = now
            self._redraw(words())

    @property
    def _is_watched(self) -> bool:
        # A stream that was closed before Python started is None.
        return self._stream is not None and self._stream.isatty()

    def wipe(self) -> None:
        """Leave nothing behind."""
        if self._line:
            self._redraw("")
            self._stream.write("\r")
            self._stream.flush()

    def _redraw(self, line: str) -> None:
        # Spaces, because not every Windows console knows the code that clears a line.
        self._stream.write(f"\r{line:<{len(self._line)}}")
        self._stream.flush()
        self._line = line
