"""The list of images in the viewer, kept while they come, go and are renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import QObject, Signal

from napari_sam2.widgets.controls.links import Links

if TYPE_CHECKING:
    from qtpy.QtWidgets import QComboBox


class ImageChoice(QObject):
    """Fills a combo box with image layers, and knows them by reference.

    Parameters
    ----------
    box : QComboBox
        Its owner shows it.
    layers : LayerList
        The viewer's layers.
    links : Links
        Cut when the dock closes.
    parent : QObject, optional
    """

    chosen = Signal(object)
    """The image layer that the user chose."""
    changed = Signal()
    """Images came, went or changed places."""

    def __init__(
        self,
        box: QComboBox,
        layers: Any,
        links: Links,
        *,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._box = box
        self._layers = layers
        self._names = Links()
        self._shown: Any = None
        box.currentIndexChanged.connect(self._on_index_changed)
        events = layers.events
        for signal in (events.inserted, events.removed, events.reordered):
            links.connect(signal, self._on_layers_changed)
        links.at_end(self._names.cut)
        self._fill()

    @property
    def images(self) -> list[Any]:
        """The image layers, in the order of the viewer."""
        return [layer for layer in self._layers if isinstance(layer, Image)]

    def show(self, layer: Any) -> None:
        """Show which one is worked on; None for none of them."""
        self._shown = layer
        self._fill()

    def _on_layers_changed(self, _: object = None) -> None:
        self._fill()
        self.changed.emit()

    def _on_index_changed(self, index: int) -> None:
        images = self.images
        if 0 <= index < len(images):
            self.chosen.emit(images[index])

    def _fill(self, _: object = None) -> None:
        images = self.images
        self._names.cut()
        self._box.blockSignals(True)
        self._box.clear()
        for layer in images:
            self._box.addItem(layer.name)
            self._names.connect(layer.events.name, self._fill)
        shown = self._shown
        self._box.setCurrentIndex(images.index(shown) if shown in images else -1)
        self._box.blockSignals(False)
