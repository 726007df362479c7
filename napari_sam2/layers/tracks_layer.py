"""The paths of objects as a tracks layer: one point per frame, at the centroid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Tracks

from napari_sam2.core.errors import NoPromptError, StackError
from napari_sam2.layers.geometry import copy_geometry

if TYPE_CHECKING:
    import numpy.typing as npt
    from napari.components import LayerList

    from napari_sam2.layers.coordinates import FrameSpace
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.state.document import Document


def tracks_data(document: Document, space: FrameSpace) -> npt.NDArray[np.float64]:
    """Return the centroids of all masks, one row per object and frame it is seen in.

    Returns
    -------
    ndarray of float64, shape (N, 1 + D)
        Object id and data coordinates, ordered by object and frame.
    """
    rows = [
        (object_id, *space.to_data(frame, one.mask.centroid_yx))
        for (object_id, frame), one in sorted(
            document.masks.items(), key=lambda item: item[0]
        )
        if one.mask.centroid_yx is not None
    ]
    return np.array(rows, np.float64).reshape(-1, 1 + space.ndim)


def add_tracks(layers: LayerList, image: ImageSource, document: Document) -> Tracks:
    """Add a tracks layer of the present masks, where the image lies.

    Raises
    ------
    NoPromptError
        If there is no mask yet.
    StackError
        If objects are followed along another axis than the first: napari draws tracks
        along the first only.
    """
    data = tracks_data(document, image.space)
    if not len(data):
        raise NoPromptError("There are no masks yet: prompt an object, and track it.")
    if image.frame_axis != 0:
        raise StackError(
            "napari draws tracks along the first axis of an image only: transpose the "
            "image so that the axis that objects are followed along comes first."
        )
    layer = Tracks(
        data,
        name=f"{image.layer.name} tracks",
        features={"confidence": _confidences(document)},
        **_geometry(image),
    )
    layers.append(layer)
    return layer


def _confidences(document: Document) -> npt.NDArray[np.float64]:
    masks = sorted(document.masks.items(), key=lambda item: item[0])
    return np.array(
        [one.predicted_iou for _, one in masks if not one.mask.is_absent], np.float64
    )


def _geometry(image: ImageSource) -> dict[str, Any]:
    return copy_geometry(image.layer)
