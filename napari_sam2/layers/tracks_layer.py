"""The paths of objects as a tracks layer: one point per frame, at the centroid.

napari takes the first axis of tracks for time: it draws a path in that order, and fades
it away from what is displayed along it. Objects may be followed along another axis, a
volume's rows for example; then the tracks lie in a space with one more axis in front,
of a single element, so that a path is drawn in the order of its frames and lies, whole,
where it is in the volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from napari.layers import Tracks

from napari_sam2.core.errors import NoPromptError, StackError
from napari_sam2.layers.geometry import copy_geometry
from napari_sam2.layers.palette import mask_colours
from napari_sam2.state.lineage import parents_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt
    from napari.components import LayerList

    from napari_sam2.layers.coordinates import FrameSpace
    from napari_sam2.layers.image_source import ImageSource
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import FrameMask

_Stretch: TypeAlias = "list[tuple[int, FrameMask]]"


@dataclass(frozen=True, slots=True)
class TrackTable:
    """Where objects are, frame by frame.

    Attributes
    ----------
    data : ndarray of float64, shape (N, 1 + D)
        Track id and data coordinates of the image, by track and frame.
    features : dict of str to ndarray, shape (N,)
        ``object``, ``frame`` and ``confidence``.
    graph : dict of int to list of int
        The last track of the mother, by the first track of each daughter.
    """

    data: npt.NDArray[np.float64]
    features: dict[str, npt.NDArray[Any]]
    graph: dict[int, list[int]]


def track_table(document: Document, space: FrameSpace) -> TrackTable:
    """Return the centroids of all masks.

    Where an object is absent, or nothing is known of it, its track ends: what comes
    after is a track of its own. The first track of an object has the object's id.
    """
    further_ids = count(max(document.objects, default=0) + 1)
    tracks: dict[int, tuple[int, _Stretch]] = {}
    for object_id in document.objects:
        masks = document.masks.of_object(object_id)
        for number, stretch in enumerate(_stretches(document, masks)):
            tracks[next(further_ids) if number else object_id] = object_id, stretch
    rows = [
        (track_id, object_id, frame, mask)
        for track_id, (object_id, stretch) in sorted(tracks.items())
        for frame, mask in stretch
    ]
    points = [
        (track_id, *space.to_data(frame, mask.mask.centroid_yx or (0.0, 0.0)))
        for track_id, _, frame, mask in rows
    ]
    features = {
        "object": np.array([object_id for _, object_id, _, _ in rows], np.int64),
        "frame": np.array([frame for _, _, frame, _ in rows], np.int64),
        "confidence": np.array([m.predicted_iou for *_, m in rows], np.float64),
    }
    data = np.array(points, np.float64).reshape(-1, 1 + space.ndim)
    return TrackTable(data, features, _graph(parents_of(document.objects), tracks))


def add_tracks(layers: LayerList, image: ImageSource, document: Document) -> Tracks:
    """Add a tracks layer of the present masks, where the image lies.

    Raises
    ------
    NoPromptError
        If there is no mask yet.
    StackError
        If the image is a single picture.
    """
    if image.frame_axis is None:
        raise StackError("A single picture has no frames that a track could lead over.")
    table = track_table(document, image.space)
    if not len(table.data):
        raise NoPromptError("There are no masks yet: prompt an object, and track it.")
    data, geometry = table.data, copy_geometry(image.layer)
    if _needs_order(image.space):
        data = np.insert(data, 1, 0.0, axis=1)
        geometry = _one_axis_more(image)
    layer = Tracks(
        data,
        name=f"{image.layer.name} tracks",
        features=table.features,
        graph=table.graph,
        color_by="object",
        colormaps_dict={"object": mask_colours(list(document.objects))},
        **geometry,
    )
    layers.append(layer)
    return layer


def _graph(
    parents: Mapping[int, int], tracks: Mapping[int, tuple[int, _Stretch]]
) -> dict[int, list[int]]:
    """Return the track that daughters' first tracks came of, where both are there."""
    last = {i: track_id for track_id, (i, _) in sorted(tracks.items())}
    return {
        daughter: [last[mother]]
        for daughter, mother in parents.items()
        if daughter in tracks and mother in last
    }


def _stretches(
    document: Document, masks: Mapping[int, FrameMask]
) -> Iterator[_Stretch]:
    """Yield the frames on which an object is seen, without gaps, at one position."""
    stretch: _Stretch = []
    for frame, mask in sorted(masks.items()):
        is_next = frame % document.series_length and (
            stretch and frame == stretch[-1][0] + 1
        )
        if stretch and (mask.mask.is_absent or not is_next):
            yield stretch
            stretch = []
        if not mask.mask.is_absent:
            stretch.append((frame, mask))
    if stretch:
        yield stretch


def _needs_order(space: FrameSpace) -> bool:
    """Whether positions along the first axis do not follow the frames."""
    return space.layout.frame != 0 and 0 in space.layout.plane


def _one_axis_more(image: ImageSource) -> dict[str, Any]:
    """Return the image's geometry with an axis in front that changes nothing."""
    layer, size = image.layer, image.layer.ndim
    origin = np.asarray(layer.data_to_world((0.0,) * size))
    affine = np.eye(size + 2)
    affine[1:-1, -1] = origin
    for axis, unit_vector in enumerate(np.eye(size)):
        reached = np.asarray(layer.data_to_world(unit_vector))
        affine[1:-1, 1 + axis] = reached - origin
    return {
        "affine": affine,
        "units": ("pixel", *layer.units),
        "axis_labels": ("path", *layer.axis_labels),
    }
