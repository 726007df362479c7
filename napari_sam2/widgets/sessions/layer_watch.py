"""What the user changes about layers, told when it has come to rest."""

from __future__ import annotations

from functools import partial
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
    changed: frozenset[Any] = frozenset()
    """The layers that were changed, while it is told that they have come to rest."""

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
        self._restless: set[Any] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLING_MS)
        self._timer.timeout.connect(self._on_rest)
        links.at_end(self._of_layers.cut)
        links.at_end(self._timer.stop)

    def watch(self, layers: Iterable[Any]) -> None:
        """Watch these layers instead of those before."""
        self._of_layers.cut()
        watched = set(layers)
        self._restless &= watched
        if not self._restless:
            self._timer.stop()
        for layer in watched:
            for name in self._names:
                self._of_layers.connect(
                    getattr(layer.events, name), partial(self._on_changed, layer)
                )

    def _on_changed(self, layer: Any, _: object = None) -> None:
        self._restless.add(layer)
        self._timer.start()

    def _on_rest(self) -> None:
        self.changed, self._restless = frozenset(self._restless), set()
        self.settled.emit()
        self.changed = frozenset()  # layers that are removed are not to be kept
