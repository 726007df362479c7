"""What the user changes about layers, told when it has come to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_sam2.widgets.controls.links import Links

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_SETTLING_MS = 300


class LayerWatch(QObject):
    """Watches some properties of some layers at a time.

    Parameters
    ----------
    names : collection of str
        The properties, such as ``contrast_limits``.
    links : Links
        Cut when the dock closes.
    parent : QObject, optional
    """

    settled = Signal()
    """One of them was changed, and all have rested since."""

    def __init__(
        self,
        names: Collection[str],
        links: Links,
        *,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._names = names
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
            for name in self._names:
                self._of_layers.connect(getattr(layer.events, name), self._on_changed)

    def _on_changed(self, _: object = None) -> None:
        self._timer.start()
