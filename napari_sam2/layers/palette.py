"""Colours of objects as napari takes them; the same everywhere an object is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap

from napari_sam2.io.pictures.palette import object_colour

if TYPE_CHECKING:
    from collections.abc import Collection

Rgba: TypeAlias = tuple[float, float, float, float]

TRANSPARENT: Rgba = (0.0, 0.0, 0.0, 0.0)
POSITIVE_BORDER: Rgba = (1.0, 1.0, 1.0, 1.0)
NEGATIVE_BORDER: Rgba = (1.0, 0.2, 0.2, 1.0)
_AHEAD = 16
_LARGEST_DIRECT = (1 << 16) - 1
_CYCLE = 200


def object_rgba(object_id: int) -> Rgba:
    """Return the colour of an object, (red, green, blue, alpha), each 0 to 1."""
    red, green, blue = object_colour(object_id)
    return red / 255, green / 255, blue / 255, 1.0


def mask_colours(
    object_ids: Collection[int],
) -> DirectLabelColormap | CyclicLabelColormap:
    """Return the colours of a label image.

    The next ids have their colours as well, so that a new object that the user paints
    is seen before it is known. napari maps single ids beyond 65535 only where Numba is
    installed: with such ids colours repeat.
    """
    largest = max(object_ids, default=0)
    if largest > _LARGEST_DIRECT:
        cycle = [object_rgba(object_id) for object_id in range(1, _CYCLE + 1)]
        return CyclicLabelColormap(colors=[TRANSPARENT, *cycle])
    ahead = range(largest + 1, min(largest + _AHEAD, _LARGEST_DIRECT) + 1)
    colours: dict[int | None, Rgba] = {
        object_id: object_rgba(object_id) for object_id in (*object_ids, *ahead)
    }
    return DirectLabelColormap(
        color_dict={None: TRANSPARENT, 0: TRANSPARENT, **colours}
    )


def are_coloured(colours: Any, object_ids: Collection[int]) -> bool:
    """Whether a layer's colours serve these objects, and the next new one."""
    largest = max(object_ids, default=0)
    if largest > _LARGEST_DIRECT:
        return isinstance(colours, CyclicLabelColormap)
    following = min(largest + 1, _LARGEST_DIRECT)
    return isinstance(colours, DirectLabelColormap) and all(
        object_id in colours.color_dict for object_id in (*object_ids, following)
    )
