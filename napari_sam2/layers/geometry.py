"""Where layers lie in the world: copied from the image, so that pixels line up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer


def copy_geometry(layer: Layer, offset: Sequence[int] | None = None) -> dict[str, Any]:
    """Return the keyword arguments that put a new layer where ``layer`` lies.

    Parameters
    ----------
    layer : Layer
    offset : sequence of int, optional
        Data coordinates of the new layer's first element, where it covers only a part.
    """
    geometry = {
        "scale": layer.scale,
        "translate": layer.translate,
        "rotate": layer.rotate,
        "shear": layer.shear,
        "affine": layer.affine,
        "units": layer.units,
        "axis_labels": layer.axis_labels,
    }
    if offset is not None and any(offset):
        geometry["translate"] = layer.translate + _moved(layer, offset)
    return geometry


def _moved(layer: Layer, offset: Sequence[int]) -> Any:
    """Return how far an offset in data coordinates reaches before the affine part."""
    origin = np.asarray(layer.data_to_world((0.0,) * layer.ndim))
    reached = np.asarray(layer.data_to_world(tuple(map(float, offset))))
    return np.linalg.solve(layer.affine.linear_matrix, reached - origin)
