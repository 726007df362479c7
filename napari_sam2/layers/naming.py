"""What our layers are called where an image has more than one set of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.layers.image_axes import axis_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_sam2.layers.image_source import ImageSource


def name_by_axis(layers: Sequence[Layer], image: ImageSource) -> None:
    """Call layers of objects, boxes and points after their image and its frame axis."""
    axis = image.frame_axis
    where = "" if axis is None else f" ({axis_word(image.axes[axis])})"
    for layer, word in zip(layers, ("objects", "boxes", "points"), strict=True):
        layer.name = f"{image.layer.name} {word}{where}"
