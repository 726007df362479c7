"""How prompts look: the object's colour, a disc for positive points, × for negative."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Points, Shapes

from napari_sam2.layers.geometry import copy_geometry
from napari_sam2.layers.palette import NEGATIVE_BORDER, POSITIVE_BORDER, object_rgba
from napari_sam2.layers.prompt_rows import OBJECT, POLARITY, POSITIVE, feature_columns

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.layers.image_source import ImageSource

_POINT_SHARE = 1 / 60
_EDGE_SHARE = 1 / 400
_UNLIKE = 0.002  # between colours; napari keeps single precision
# A lower bound would show the point of no size that napari draws, at the origin, on
# frames that have none.
_CANVAS_PIXELS = 0, 24


def make_points(image: ImageSource) -> Points:
    """Return an empty points layer that lies on the image."""
    return Points(
        np.zeros((0, image.space.ndim)),
        ndim=image.space.ndim,
        name=f"{image.layer.name} points",
        size=max(2.0, max(image.shape_hw) * _POINT_SHARE),
        canvas_size_limits=_CANVAS_PIXELS,
        border_width=0.15,
        **_common(image),
    )


def make_boxes(image: ImageSource) -> Shapes:
    """Return an empty shapes layer that lies on the image."""
    layer = Shapes(
        None,
        ndim=image.space.ndim,
        name=f"{image.layer.name} boxes",
        face_color="transparent",
        opacity=1.0,
        **_common(image),
    )
    layer.current_edge_width = edge_width(image)
    return layer


def style_points(layer: Points) -> None:
    """Colour every point by its object and polarity."""
    if not len(layer.data):
        return
    positive = [value == POSITIVE for value in layer.features[POLARITY]]
    borders = [POSITIVE_BORDER if one else NEGATIVE_BORDER for one in positive]
    layer.face_color = _object_colours(layer)
    layer.border_color = np.array(borders)
    layer.symbol = ["disc" if one else "x" for one in positive]


def style_boxes(layer: Shapes, width: float) -> None:
    """Colour every box by its object, where it has another colour or width."""
    if not len(layer.data):
        return
    colours = _object_colours(layer)
    if np.abs(layer.edge_color - colours).max() > _UNLIKE:
        layer.edge_color = colours
    if set(layer.edge_width) != {width}:
        layer.edge_width = [width] * len(layer.data)


def set_defaults(layer: Points | Shapes, object_id: int, positive: bool) -> None:
    """Give what is drawn next an object and a polarity."""
    columns = feature_columns([(object_id, positive)])
    layer.feature_defaults = {name: one[0] for name, one in columns.items()}


def edge_width(image: ImageSource) -> float:
    """Return how wide the outline of a box is, in data pixels."""
    return max(1.0, min(image.shape_hw) * _EDGE_SHARE)


def _object_colours(layer: Points | Shapes) -> npt.NDArray[np.float64]:
    object_ids = layer.features[OBJECT].to_numpy(np.int64)[: len(layer.data)]
    different, which = np.unique(object_ids, return_inverse=True)
    return np.array([object_rgba(int(object_id)) for object_id in different])[which]


def _common(image: ImageSource) -> dict[str, Any]:
    defaults = {OBJECT: 1, POLARITY: POSITIVE}
    return {
        "features": feature_columns([]),
        "feature_defaults": defaults,
        **copy_geometry(image.layer),
    }
