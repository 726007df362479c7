"""Many small changes, one repaint: what arrives within a few frames of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SCREEN_MS = 33


class Repainter(QObject):
    """Collects frames and passes them on at most every ``interval_ms``.

    Parameters
    ----------
    repaint : callable
        Called with the frames that have changed since the last time.
    interval_ms : int, optional
    parent : QObject, optional
    """

    def __init__(
        self,
        repaint: Callable[[frozenset[int]], object],
        *,
        interval_ms: int = SCREEN_MS,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._repaint = repaint
        self._frames: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(interval_ms)
        self._timer.timeout.connect(self.flush)

    def add(self, frames: Iterable[int]) -> None:
        """Have these frames repainted soon."""
        self._frames.update(frames)
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Repaint now what has been collected."""
        self._timer.stop()
        frames, self._frames = frozenset(self._frames), set()
        if frames:
            self._repaint(frames)

    def close(self) -> None:
        """Repaint nothing more."""
        self._timer.stop()
        self._frames.clear()
