"""What a layer shows as black and white, told when the user has settled on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_sam2.widgets.links import Links

if TYPE_CHECKING:
    from collections.abc import Iterable

_SETTLING_MS = 300


class ContrastWatch(QObject):
    """Watches the contrast limits of some layers at a time.

    Parameters
    ----------
    links : Links
        Cut when the dock closes.
    parent : QObject, optional
    """

    settled = Signal()
    """The limits were moved, and have rested since."""

    def __init__(self, links: Links, *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._of_layers = Links()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLING_MS)
        self._timer.timeout.connect(self.settled)
        links.at_end(self._of_layers.cut)
        links.at_end(self._timer.stop)

    def watch(self, layers: Iterable[Any]) -> None:
        """Watch these layers instead of those before."""
        self._of_layers.cut()
        self._timer.stop()
        for layer in layers:
            self._of_layers.connect(layer.events.contrast_limits, self._on_moved)

    def _on_moved(self, _: object = None) -> None:
        self._timer.start()
