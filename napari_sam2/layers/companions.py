"""Images beside an image: their pixels are further channels of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.errors import StackError
from napari_sam2.layers.image_axes import channel_axis, image_axes

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_sam2.core.axes import Axes


def check_companion(layer: Image, axes: Axes, other: Image, its_axes: Axes) -> None:
    """Check that an image can be a further channel of another one.

    Parameters
    ----------
    layer, other : Image
        The image, and the one beside it.
    axes, its_axes : tuple of Axis
        Of each, colours left out.

    Raises
    ------
    StackError
        If it has channels of its own, another size, or lies elsewhere in the viewer.
    """
    if other.rgb or channel_axis(its_axes) is not None:
        raise StackError(
            f"{other.name} has channels of its own, and only images of a single one "
            "can be put beside others: split it into layers first."
        )
    sizes = [one.size for i, one in enumerate(axes) if i != channel_axis(axes)]
    its_sizes = [one.size for one in its_axes]
    if sizes != its_sizes:
        raise StackError(
            f"{other.name} is {_size(its_sizes)}, and {layer.name} is {_size(sizes)}: "
            "channels must be of one size."
        )
    if not _lies_alike(layer, other, channel_axis(axes)):
        raise StackError(
            f"{other.name} lies elsewhere in the viewer than {layer.name}: channels "
            "must have the same scale, translation and rotation."
        )


def fits_beside(layer: Image, other: Image) -> bool:
    """Whether an image can be a further channel of another one."""
    try:
        check_companion(layer, image_axes(layer), other, image_axes(other))
    except StackError:
        return False
    return True


def _size(sizes: list[int]) -> str:
    return " × ".join(map(str, sizes))


def _lies_alike(layer: Image, other: Image, channel: int | None) -> bool:
    """Whether the same pixel of both is at the same place, channels apart."""
    for its_point in np.vstack([np.zeros(other.ndim), np.eye(other.ndim)]):
        point, kept = its_point, list(range(layer.ndim))
        if channel is not None:
            point = np.insert(point, channel, 0.0)
            kept.remove(channel)
        place = np.asarray(layer.data_to_world(point))[kept]
        if not np.allclose(place, other.data_to_world(its_point), rtol=1e-6, atol=1e-9):
            return False
    return True
