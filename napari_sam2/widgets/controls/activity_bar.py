"""Progress in napari's own activity dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils import progress as napari_progress
from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    from qtpy.QtCore import QObject

    from napari_sam2.core.cancel import Progress

_INTERVAL_MS = 400


class ActivityBar:
    """Shows the latest progress a few times a second.

    napari lets the window work off its events whenever a bar moves. So bars move from a
    timer only, where nothing of ours is halfway done.

    Parameters
    ----------
    parent : QObject
        Owns the timer.
    """

    def __init__(self, parent: QObject) -> None:
        self._bar: napari_progress | None = None
        self._label = ""
        self._wanted: Progress | None = None
        self._timer = QTimer(parent)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._move)

    def show(self, progress: Progress | None) -> None:
        """Show this soon; None ends the bar."""
        self._wanted = progress
        if not self._timer.isActive() and (progress or self._bar):
            self._timer.start()

    def close(self) -> None:
        """End the bar now."""
        self._wanted = None
        self._timer.stop()
        self._end()

    def _move(self) -> None:
        wanted, bar = self._wanted, self._bar
        if wanted is None:
            self._timer.stop()
            self._end()
            return
        total = wanted.total or None
        if bar is None or bar.total != total or bar.n > wanted.done:
            self._end()
            bar = self._bar = napari_progress(total=total, desc=wanted.label)
            self._label = wanted.label
        if wanted.label != self._label:
            self._label = wanted.label
            bar.set_description(wanted.label)
        if wanted.done > bar.n:
            bar.update(wanted.done - bar.n)

    def _end(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()
