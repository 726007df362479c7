"""What a model must beat: ways to follow objects that need no learning.

Both are given the true mask on the first frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.masks.packing import absent_mask, pack_crop
from napari_sam2.evaluation.masks import Masks
from napari_sam2.evaluation.threshold import components, otsu_threshold, smooth_grey

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.core.frames.source import FrameSource
    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.evaluation.assignment import Assignment

COPY, THRESHOLD = "copy", "threshold"
BASELINES = (COPY, THRESHOLD)


def copy_prompts(true: Masks, todo: Assignment) -> Masks:
    """Return the first mask of every object on all frames after it."""
    masks = Masks(true.shape_hw)
    for object_id, start in todo.starts.items():
        first = true.packed(object_id, start)
        for frame in range(start, todo.frames.stop):
            masks.put(object_id, frame, first)
    return masks


def link_components(
    frames: FrameSource, true: Masks, todo: Assignment, token: CancelToken
) -> Masks:
    """Threshold every frame, and pass from part to part by overlap.

    Whether an object is bright or dark is seen on its first frame. Afterwards it is the
    connected part with the largest overlap (J) with where it was last seen, or gone
    when no part overlaps.
    """
    masks = Masks(true.shape_hw)
    links: dict[int, _Link] = {}
    for frame in range(min(todo.starts.values()), todo.frames.stop):
        if token.is_cancelled:
            break
        parts = _Parts(smooth_grey(frames[frame]))
        for object_id, link in links.items():
            masks.put(object_id, frame, link.go_on(parts))
        for object_id in (i for i, start in todo.starts.items() if start == frame):
            first = true.packed(object_id, frame)
            links[object_id] = _Link(first, parts.is_bright(first))
            masks.put(object_id, frame, first)
    return masks


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """The connected parts of what is bright on a frame, or of what is dark."""

    labels: npt.NDArray[np.int32]
    areas: npt.NDArray[np.intp]
    boxes: list[tuple[slice, slice]]

    @classmethod
    def of(cls, side: npt.NDArray[np.bool_]) -> _Side:
        from scipy import ndimage

        labels = components(side)
        return cls(labels, np.bincount(labels.ravel()), ndimage.find_objects(labels))

    def part(self, number: int) -> PackedMask:
        rows, columns = self.boxes[number - 1]
        crop = self.labels[rows, columns] == number
        height, width = self.labels.shape
        return pack_crop(crop, (rows.start, columns.start), (height, width))


class _Parts:
    """The connected parts of a frame, found when they are asked for."""

    def __init__(self, grey: npt.NDArray[np.float32]) -> None:
        self._grey = grey
        self._level = otsu_threshold(grey)
        self._sides: dict[bool, _Side] = {}

    def is_bright(self, mask: PackedMask) -> bool:
        """Whether a mask lies on what is bright, by its mean intensity."""
        inside = self._grey[mask.slices][mask.crop]
        return bool(inside.mean() > self._level)

    def overlapping(self, mask: PackedMask, *, is_bright: bool) -> PackedMask | None:
        """Return the part that overlaps a mask most, or None."""
        if is_bright not in self._sides:
            bright = self._grey > self._level
            self._sides[is_bright] = _Side.of(bright if is_bright else ~bright)
        side = self._sides[is_bright]
        inside = side.labels[mask.slices][mask.crop]
        shared = np.bincount(inside, minlength=len(side.areas))
        shared[0] = 0
        if not shared.any():
            return None
        best = int((shared / (side.areas + mask.area - shared)).argmax())
        return side.part(best)


@dataclass(slots=True)
class _Link:
    """An object on its way: where it was last seen."""

    last: PackedMask
    is_bright: bool

    def go_on(self, parts: _Parts) -> PackedMask:
        """Return where the object is on the next frame."""
        found = parts.overlapping(self.last, is_bright=self.is_bright)
        if found is None:
            return absent_mask(self.last.shape_hw)
        self.last = found
        return found
