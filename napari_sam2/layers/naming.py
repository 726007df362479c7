"""What our layers are called where an image has more than one set of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.layers.image_axes import axis_word

if TYPE_CHECKING:
    from napari.layers import Labels, Points, Shapes

    from napari_sam2.layers.image_source import ImageSource


def name_by_axis(
    objects: Labels, boxes: Shapes, points: Points, image: ImageSource
) -> None:
    """Call layers after their image and the axis that it is followed along."""
    axis = image.frame_axis
    where = "" if axis is None else f" ({axis_word(image.axes[axis])})"
    for layer, word in ((objects, "objects"), (boxes, "boxes"), (points, "points")):
        layer.name = f"{image.layer.name} {word}{where}"
