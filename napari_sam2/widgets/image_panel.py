"""Which image is worked on, what is "time" in it, and what the model sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QWidget

from napari_sam2.core.errors import StackError
from napari_sam2.layers.image_source import (
    contrast_limits,
    guess_frame_axis,
    image_axes,
    image_source,
)
from napari_sam2.widgets.controls import button, check, choice, column, form, pick, text
from napari_sam2.widgets.links import Links

if TYPE_CHECKING:
    from napari_sam2.core.axes import Axis
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.state import Settings

_NO_IMAGE = "Open an image, or a sample from Help below, to begin."
_SETTLING_MS = 300


class ImagePanel(QWidget):
    """Chooses what is tracked; follows the active layer while ``is_following``.

    Parameters
    ----------
    viewer : napari.Viewer
    settings : Settings
        Its ``limits`` follow the layer's contrast limits, once they rest.
    links : Links
        Cut when the dock closes.
    parent : QWidget, optional
    """

    source_chosen = Signal(object)
    """An ImageSource, or None when there is no image."""
    refused = Signal(object)
    """The StackError that says why an image cannot be used."""

    def __init__(
        self,
        viewer: Any,
        settings: Settings,
        links: Links,
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._settings = settings
        self._layer: Any = None
        self.is_following = True
        self._of_layer = Links()
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLING_MS)
        self._settling.timeout.connect(self._take_limits)
        self._make_controls()
        events = viewer.layers.events
        for signal in (events.inserted, events.removed, events.reordered):
            links.connect(signal, self._on_layers_changed)
        links.connect(viewer.layers.selection.events.active, self._on_active_changed)
        links.at_end(self._of_layer.cut)
        links.at_end(self._settling.stop)

    def _make_controls(self) -> None:
        self.images = choice("The image to segment; follows the layer that is active")
        self.images.currentIndexChanged.connect(self._on_image_chosen)
        self.axes = choice(
            "The axis along which objects are followed: time, depth, or any other"
        )
        self.axes.currentIndexChanged.connect(self._on_cut_changed)
        self.channels = choice("The channels that the model sees")
        self.channels.currentIndexChanged.connect(self._on_cut_changed)
        self.follow_contrast = check(
            "as displayed",
            "Show the model what the layer's contrast limits show you, live; otherwise"
            " a range that is estimated from the whole stack",
            lambda _: self._settling.start(),
        )
        self.follow_contrast.setChecked(True)
        self.plane_button = button(
            "Work on the plane you see",
            "Follow objects at the displayed position of the other axes; what was said"
            " on the present one is kept",
            self._emit_source,
        )
        self._note = text(_NO_IMAGE)
        fields = QWidget()
        self._form = form(
            fields,
            ("Image", self.images),
            ("Follow along", self.axes),
            ("Channels", self.channels),
            ("Intensities", self.follow_contrast),
        )
        column(self, fields, self._note, self.plane_button)

    def begin(self) -> None:
        """Look at the layers that are there, and choose one."""
        self._fill_images()
        active = self._viewer.layers.selection.active
        if not self._choose(active):
            images = self._images()
            self._choose(images[-1] if images else None)
        if self._layer is None:
            self._set_layer(None)

    def show_source(self, source: ImageSource) -> None:
        """Show what is worked on, when that was chosen elsewhere."""
        if self._layer is None or self._layer != source.layer:
            self._set_layer(source.layer, is_told=False)
        pick(self.axes, source.frame_axis)
        self._note.setText(_describe(source))

    def _images(self) -> list[Any]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Image)]

    def _choose(self, layer: Any) -> bool:
        """Work on a layer, if it is an image and not worked on already."""
        is_image = isinstance(layer, Image)
        if is_image and (self._layer is None or layer != self._layer):
            self._set_layer(layer)
        return is_image

    def _on_layers_changed(self, _: object = None) -> None:
        self._fill_images()
        images = self._images()
        if self._layer is not None and self._layer not in images:
            self._set_layer(images[-1] if images else None)
        elif self._layer is None and images:
            self._set_layer(images[-1])

    def _on_active_changed(self, _: object = None) -> None:
        if self.is_following:
            self._choose(self._viewer.layers.selection.active)

    def _on_image_chosen(self, index: int) -> None:
        images = self._images()
        if 0 <= index < len(images):
            self._choose(images[index])

    def _on_cut_changed(self, _: int) -> None:
        self._emit_source()

    def _fill_images(self, _: object = None) -> None:
        images = self._images()
        self.images.blockSignals(True)
        self.images.clear()
        for number, layer in enumerate(images):
            self.images.addItem(layer.name, number)
        chosen = images.index(self._layer) if self._layer in images else -1
        self.images.setCurrentIndex(chosen)
        self.images.blockSignals(False)

    def _set_layer(self, layer: Any, *, is_told: bool = True) -> None:
        self._of_layer.cut()
        self._layer = layer
        self._fill_images()
        self._fill_axes()
        self._fill_channels()
        if layer is not None:
            self._of_layer.connect(layer.events.name, self._fill_images)
            if hasattr(layer.events, "contrast_limits"):
                self._of_layer.connect(
                    layer.events.contrast_limits, self._on_contrast_moved
                )
            self._take_limits()
        if is_told:
            self._emit_source()

    def _fill_axes(self) -> None:
        self.axes.blockSignals(True)
        self.axes.clear()
        if self._layer is not None:
            axes = image_axes(self._layer)
            if len(axes) > 2:
                for index, axis in enumerate(axes):
                    self.axes.addItem(_name_axis(axis, index), index)
            pick(self.axes, guess_frame_axis(axes))
        self.axes.blockSignals(False)
        self._form.setRowVisible(self.axes, self.axes.count() > 0)

    def _fill_channels(self) -> None:
        """Offer the first three together and every channel alone."""
        self.channels.blockSignals(True)
        self.channels.clear()
        count = 1 if self._layer is None else self._channel_count()
        if count > 1:
            together = ", ".join(str(number) for number in range(min(count, 3)))
            self.channels.addItem(f"{together} together", None)
            for number in range(count):
                self.channels.addItem(f"only {number}", (number,))
        self.channels.blockSignals(False)
        self._form.setRowVisible(self.channels, count > 1)

    def _channel_count(self) -> int:
        try:
            return image_source(self._layer).frames.channel_count
        except StackError:
            return 1

    def _emit_source(self) -> None:
        self.plane_button.hide()
        if self._layer is None:
            self._note.setText(_NO_IMAGE)
            self.source_chosen.emit(None)
            return
        try:
            source = self._make_source()
        except StackError as problem:
            self._note.setText(str(problem))
            self.source_chosen.emit(None)
            self.refused.emit(problem)
        else:
            self._note.setText(_describe(source))
            self.plane_button.setVisible(bool(source.frames.layout.fixed))
            self.source_chosen.emit(source)

    def _make_source(self) -> ImageSource:
        axis = self.axes.currentData()
        step = dict(enumerate(self._here()))
        guessed = image_source(self._layer, axis=axis)
        at = {i: step[i] for i, _ in guessed.frames.layout.fixed}
        return image_source(
            self._layer, axis=axis, at=at, channels=self.channels.currentData()
        )

    def _here(self) -> list[int]:
        """Return the displayed index along every axis of the layer."""
        point = self._layer.world_to_data(self._viewer.dims.point)
        sizes = [axis.size for axis in image_axes(self._layer)]
        return [
            min(max(round(float(at)), 0), size - 1)
            for at, size in zip(point, sizes, strict=True)
        ]

    def _on_contrast_moved(self, _: object = None) -> None:
        self._settling.start()

    def _take_limits(self) -> None:
        limits = None
        if self._layer is not None and self.follow_contrast.isChecked():
            limits = contrast_limits(self._layer)
        if limits != self._settings.limits:
            self._settings.limits = limits


def _describe(source: ImageSource) -> str:
    """Say what is followed: "50 frames of 512 × 512 pixels"."""
    height, width = source.shape_hw
    words = f"{source.frame_count} frames of {height} × {width} pixels"
    held = [
        f"{source.axes[i].name.upper()} = {n}" for i, n in source.frames.layout.fixed
    ]
    return f"{words}, at {', '.join(held)}" if held else words


def _name_axis(axis: Axis, index: int) -> str:
    """Name an axis with its length; by its number where nobody has named it."""
    return f"axis {index} ({axis.size})" if axis.name in "iq" else str(axis)
