"""What orientations say about a volume besides their masks, and the parts to fuse.

Weights lie along the slices of an orientation; bounding boxes along the axes of the
volume, which are those of the first orientation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from napari_sam2.core.masks.orientation import Dims, Oriented
    from napari_sam2.core.results import MaskResult


class Score(NamedTuple):
    """What is known of an object in a slice besides its mask.

    Attributes
    ----------
    presence : float
        The probability that it is there at all; 0 where it has no mask.
    predicted_iou : float
    is_prompted : bool
    """

    presence: float
    predicted_iou: float
    is_prompted: bool


def score_of(one: MaskResult) -> Score:
    """Return what is known of an object in a slice."""
    presence = 1.0 / (1.0 + math.exp(-min(max(one.object_logit, -50.0), 50.0)))
    return Score(0.0 if one.is_absent else presence, one.predicted_iou, one.is_prompted)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of an object's bounding box: all of it, or some of its frames.

    Attributes
    ----------
    object_id : int
    box : ndarray of int, shape (2, 3)
        First voxel, and the one after the last.
    """

    object_id: int
    box: npt.NDArray[np.int_]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of frames, rows and columns."""
        depth, height, width = (self.box[1] - self.box[0]).tolist()
        return depth, height, width

    @property
    def frames(self) -> range:
        """The frames that it has a part of."""
        return range(*self.box[:, 0].tolist())


@dataclass(slots=True)
class Survey:
    """What one orientation says about a volume, without its masks.

    Attributes
    ----------
    dims : (int, int, int)
        For the frames, rows and columns of the orientation, the axis of the volume.
    scores : dict of int to dict of int to Score
        By object and slice.
    boxes : dict of int to ndarray of int, shape (2, 3)
        Bounding boxes of the objects that are seen.
    """

    dims: Dims
    scores: dict[int, dict[int, Score]] = field(default_factory=dict)
    boxes: dict[int, npt.NDArray[np.int_]] = field(default_factory=dict)

    def add(self, one: MaskResult) -> None:
        """Take down the result of an object in a slice."""
        self.scores.setdefault(one.object_id, {})[one.frame] = score_of(one)
        if one.is_absent:
            return
        box = np.empty((2, 3), int)
        (y, x), (h, w) = one.origin_yx, one.crop.shape
        box[:, list(self.dims)] = (one.frame, y, x), (one.frame + 1, y + h, x + w)
        self.boxes[one.object_id] = _hull(box, self.boxes.get(one.object_id, box))

    def along(
        self, part: Part, number: Callable[[Score], float]
    ) -> npt.NDArray[np.float32]:
        """Return a number for each slice, broadcastable to a part of the volume.

        Slices that were not computed have 0.
        """
        axis = self.dims[0]
        scores = self.scores.get(part.object_id, {})
        slices = range(*part.box[:, axis].tolist())
        numbers = [number(scores[i]) if i in scores else 0.0 for i in slices]
        shape = [1, 1, 1]
        shape[axis] = len(numbers)
        return np.array(numbers, np.float32).reshape(shape)


def survey(found: Oriented) -> Survey:
    """Read the results of an orientation once."""
    seen = Survey(found.dims)
    for result in found.read():
        for one in result:
            seen.add(one)
    return seen


def _hull(
    one: npt.NDArray[np.int_], other: npt.NDArray[np.int_]
) -> npt.NDArray[np.int_]:
    return np.stack([np.minimum(one[0], other[0]), np.maximum(one[1], other[1])])


def parts_of(surveys: Sequence[Survey], most_voxels: int) -> Iterator[Part]:
    """Yield each object's bounding box, in parts of a few frames where it is large.

    Frames that the first orientation did not compute are left out at both ends.
    """
    for object_id, scores in sorted(surveys[0].scores.items()):
        boxes = [one.boxes[object_id] for one in surveys if object_id in one.boxes]
        if not boxes:
            continue
        box = reduce(_hull, boxes)
        start, stop = max(box[0, 0], min(scores)), min(box[1, 0], max(scores) + 1)
        plane = math.prod((box[1] - box[0])[1:].tolist())
        step = max(1, most_voxels // plane)
        for first in range(start, stop, step):
            part = box.copy()
            part[:, 0] = first, min(stop, first + step)
            yield Part(object_id, part)


def grouped(parts: Iterable[Part], most_voxels: int) -> Iterator[list[Part]]:
    """Yield as many parts at a time as have so many voxels; one at least."""
    group: list[Part] = []
    size = 0
    for part in parts:
        voxels = math.prod(part.shape)
        if group and size + voxels > most_voxels:
            yield group
            group, size = [], 0
        group.append(part)
        size += voxels
    if group:
        yield group
