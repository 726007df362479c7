"""Which image is worked on, along which axis, through which channels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_sam2.core.errors import StackError
from napari_sam2.core.frames.hounsfield import SOFT_TISSUE
from napari_sam2.layers.geometry import GEOMETRY
from napari_sam2.layers.image_axes import guess_frame_axis, image_axes, level_sizes
from napari_sam2.layers.image_source import contrast_limits, image_source
from napari_sam2.widgets.controls.controls import (
    button,
    check,
    choice,
    column,
    form,
    pick,
    show_row,
    text,
)
from napari_sam2.widgets.panels.channel_choice import ChannelChoice
from napari_sam2.widgets.panels.image_choice import ImageChoice
from napari_sam2.widgets.panels.image_words import (
    AS_DISPLAYED,
    NO_IMAGE,
    axis_words,
    describe,
    level_words,
    shows_all_of_ct,
    summarise,
)
from napari_sam2.widgets.sessions.layer_watch import LayerWatch

if TYPE_CHECKING:
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.widgets.controls.links import Links


class ImagePanel(QWidget):
    """Chooses what is tracked; follows the active layer while ``is_following``.

    Parameters
    ----------
    viewer : napari.Viewer
    links : Links
        Cut when the dock closes.
    parent : QWidget, optional
    """

    source_chosen = Signal(object)
    """An ImageSource, or None when there is no image."""
    described = Signal(str)
    """What is worked on, in a few words: "cells · z (32)"."""
    pixels_exchanged = Signal(object)
    """The layers that were given other pixels."""
    refused = Signal(object)
    """The StackError that says why an image cannot be used."""
    said = Signal(str)
    """A sentence on why an image that became active is not worked on."""

    def __init__(
        self, viewer: Any, links: Links, *, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer: Any = None
        self._source: ImageSource | None = None
        self._held: dict[int, int] = {}
        self.is_following = True
        self._has_said = False
        self._contrast = LayerWatch(["contrast_limits"], links, parent=self)
        self._contrast.settled.connect(self._emit_source)
        self._make_controls()
        self._choice = ImageChoice(self.images, viewer.layers, links, parent=self)
        self._choice.chosen.connect(self.work_on)
        self._choice.changed.connect(self._on_images_changed)
        self._places = LayerWatch(GEOMETRY, links, parent=self)
        self._places.settled.connect(self._offer_images_again)
        self._names = LayerWatch(["name"], links, parent=self)
        self._names.settled.connect(self._on_renamed)
        self._pixels = LayerWatch(["data"], links, parent=self)
        self._pixels.settled.connect(self._on_pixels_exchanged)
        links.connect(viewer.layers.selection.events.active, self._on_active_changed)

    def _make_controls(self) -> None:
        self._make_choices()
        self._make_controls_of_intensities()
        fields = QWidget()
        self._form = form(
            fields,
            ("Image", self.images),
            ("Follow along", self.axes),
            ("Channels", self.channels),
            ("Resolution", self.levels),
            ("Intensities", self.follow_contrast),
        )
        column(self, fields, self._note, self.soft_tissue)
        self.follow_contrast.setChecked(True)

    def _make_choices(self) -> None:
        self.images = choice(
            "The image to segment; follows the layer that is active, until something is"
            " prompted"
        )
        self.axes = choice(
            "The axis along which objects are followed: time, depth, or any other"
        )
        self.axes.currentIndexChanged.connect(self._on_axis_chosen)
        self.channels = ChannelChoice()
        self.channels.changed.connect(self._emit_source)
        self.levels = choice(
            "Which level of the pyramid the model sees. Coarser levels are read faster;"
            " prompts and masks stay in the coordinates of full resolution"
        )
        self.levels.currentIndexChanged.connect(self._emit_source)

    def _make_controls_of_intensities(self) -> None:
        self.follow_contrast = check("as displayed", AS_DISPLAYED, self._emit_source)
        self._note = text(NO_IMAGE)
        self.soft_tissue = button(
            "Show soft tissue",
            "Set contrast limits of {:g} and {:g} units".format(*SOFT_TISSUE),
            self._show_soft_tissue,
        )
        self.soft_tissue.hide()

    def begin(self) -> None:
        """Look at the layers that are there, and choose one."""
        images = self._choice.images
        active = self._viewer.layers.selection.active
        if not isinstance(active, Image):
            active = images[-1] if images else None
        self._set_layer(active)
        self._emit_source()

    def show_source(self, source: ImageSource) -> None:
        """Show what is worked on, when that was chosen elsewhere."""
        if self._layer is None or self._layer != source.layer:
            self._set_layer(source.layer)
        self._held = source.held
        pick(self.axes, source.frame_axis)
        self.channels.show_channels(source.frames.channels, source.beside)
        self._contrast.watch((source.layer, *source.beside))
        pick(self.levels, source.frames.level)
        self._describe(source)

    def work_on(self, layer: Any) -> None:
        """Work on a layer, if it is an image and not worked on already."""
        is_new = self._layer is None or layer != self._layer
        if isinstance(layer, Image) and is_new:
            self._set_layer(layer)
            self._emit_source()

    def look_anew(self) -> None:
        """Choose anew what is tracked of the layer, as if it had just come."""
        if self._layer is not None:
            self._set_layer(self._layer)
            self._emit_source()

    def stay(self, layer: Any) -> None:
        """Say, while it is active, that another image is not worked on by itself."""
        is_shown = layer == self._layer or layer in self.channels.beside
        is_other = isinstance(layer, Image) and not (self.is_following or is_shown)
        if is_other:
            self.said.emit(
                f"SAM 2 goes on with {self._layer.name}. To work on {layer.name}, "
                "choose it under Image."
            )
        elif self._has_said:
            self.said.emit("")
        self._has_said = is_other

    def _on_images_changed(self) -> None:
        images = self._choice.images
        if self._layer in images:
            self._offer_images_again()
            return
        if not (images or self._layer):
            return
        self._set_layer(images[-1] if images else None)
        self._emit_source()

    def _offer_images_again(self) -> None:
        """Offer the images as they are now as channels, and go on without others."""
        channels, beside = self.channels.channels, self.channels.beside
        self._fill_channels()
        lost = [problem for one in beside if (problem := self._why_lost(one))]
        self.channels.show_channels(channels, beside)
        if self.channels.beside != beside:
            self._emit_source()
        for problem in lost:
            self.refused.emit(
                StackError(f"{problem} It is not shown to the model any more.")
            )

    def _on_pixels_exchanged(self) -> None:
        self.pixels_exchanged.emit(self._pixels.changed)
        self._offer_images_again()

    def _why_lost(self, companion: Any) -> str:
        """Say why another image is no channel any more; nothing if it still is."""
        if companion not in self._choice.images:
            return f"{companion.name} was removed from the viewer."
        return self.channels.misfit(companion)

    def _on_active_changed(self, _: object = None) -> None:
        if self.is_following:
            self.work_on(self._viewer.layers.selection.active)

    def _set_layer(self, layer: Any) -> None:
        self._layer = layer
        self._held = {}
        self._choice.show(layer)
        self._fill_axes()
        self._fill_levels()
        self._fill_channels()

    def _fill_axes(self) -> None:
        self.axes.blockSignals(True)
        self.axes.clear()
        if self._layer is not None:
            axes = image_axes(self._layer)
            for index, axis in enumerate(axes if len(axes) > 2 else ()):
                self.axes.addItem(axis_words(axis), index)
            pick(self.axes, guess_frame_axis(axes))
        self.axes.blockSignals(False)
        show_row(self._form, self.axes, self.axes.count() > 0)

    def _fill_levels(self) -> None:
        sizes = () if self._layer is None else level_sizes(self._layer)
        self.levels.blockSignals(True)
        self.levels.clear()
        for level, size_hw in enumerate(sizes):
            self.levels.addItem(level_words(size_hw, sizes[0]), level)
        self.levels.blockSignals(False)
        show_row(self._form, self.levels, bool(sizes))

    def _fill_channels(self) -> None:
        images = self._choice.images
        self.channels.offer(self._layer, images)
        self._places.watch(images)
        self._pixels.watch(images)
        self._names.watch(images)
        show_row(self._form, self.channels, self.channels.has_choice)

    def _on_axis_chosen(self, _: object = None) -> None:
        self._held = {}
        self._emit_source()

    def _emit_source(self, _: object = None) -> None:
        source = None
        if self._layer is None:
            self._contrast.watch(())
        else:
            try:
                source = self._make_source()
            except StackError as problem:
                self._note.setText(str(problem))
                self.soft_tissue.hide()
                self.source_chosen.emit(None)
                self.refused.emit(problem)
                return
        self._describe(source)
        self.source_chosen.emit(source)

    def _make_source(self) -> ImageSource:
        source = image_source(
            self._layer,
            axis=self.axes.currentData(),
            at=self._held,
            every=True,
            channels=self.channels.channels,
            level=self.levels.currentData() or 0,
            beside=self.channels.beside,
        )
        self._contrast.watch((source.layer, *source.beside))
        if self.follow_contrast.isChecked():
            source = replace(source, limits=contrast_limits(source))
        return source

    def _show_soft_tissue(self) -> None:
        self._layer.contrast_limits = SOFT_TISSUE

    def _on_renamed(self) -> None:
        self._describe(self._source)

    def _describe(self, source: ImageSource | None) -> None:
        self._source = source
        self.soft_tissue.setVisible(source is not None and shows_all_of_ct(source))
        self._note.setText(NO_IMAGE if source is None else describe(source))
        self.described.emit("" if source is None else summarise(source))
