"""Masks of several objects on several frames: true ones, or those of a method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.masks.packing import absent_mask, pack_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import numpy.typing as npt

    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.evaluation.truth import Truth

_RIM = 1  # so that outlines along the border of a crop are those of the frame


@dataclass(frozen=True, slots=True)
class Masks:
    """Masks by object and frame, a bit per pixel of their bounding boxes.

    Parameters
    ----------
    shape_hw : tuple of int
        Height and width of every frame in pixels.
    """

    shape_hw: tuple[int, int]
    _packed: dict[tuple[int, int], PackedMask] = field(default_factory=dict)

    def put(self, object_id: int, frame: int, mask: PackedMask) -> None:
        """Keep a mask, instead of one that was there."""
        self._packed[object_id, frame] = mask

    def packed(self, object_id: int, frame: int) -> PackedMask:
        """Return a mask as it is kept; an empty one where there is none."""
        found = self._packed.get((object_id, frame))
        return absent_mask(self.shape_hw) if found is None else found

    def mask(self, object_id: int, frame: int) -> npt.NDArray[np.bool_]:
        """Return a mask as a whole frame, (H, W)."""
        return self.packed(object_id, frame).mask


def true_masks(truth: Truth, ids: Collection[int], frames: range) -> Masks:
    """Read the true masks of some objects on the frames of a range that are known."""
    masks = Masks(truth.frames.shape_hw)
    for frame in sorted(truth.known.intersection(frames)):
        for object_id, mask in pack_labels(truth.labels[frame], ids).items():
            masks.put(object_id, frame, mask)
    return masks


def joint_crop(
    one: PackedMask, other: PackedMask
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return two masks of a frame in the part of it that either reaches.

    Returns
    -------
    ndarray of bool, shape (h, w)
        The masks, with a rim of a pixel where the frame goes on; (0, 0) when both are
        empty.
    """
    box = joint_box((one, other))
    if box is None:
        return np.zeros((0, 0), bool), np.zeros((0, 0), bool)
    top, left = max(box[0] - _RIM, 0), max(box[1] - _RIM, 0)
    height, width = one.shape_hw
    bottom, right = min(box[2] + 1 + _RIM, height), min(box[3] + 1 + _RIM, width)
    shape = bottom - top, right - left
    return cut_out(one, (top, left), shape), cut_out(other, (top, left), shape)


def joint_box(masks: Iterable[PackedMask]) -> tuple[int, int, int, int] | None:
    """Return the (y0, x0, y1, x1) that holds all masks; None when all are empty."""
    boxes = [box for mask in masks if (box := mask.box_yxyx) is not None]
    if not boxes:
        return None
    corners = np.array(boxes)
    y0, x0 = corners[:, :2].min(axis=0).tolist()
    y1, x1 = corners[:, 2:].max(axis=0).tolist()
    return y0, x0, y1, x1


def cut_out(
    mask: PackedMask, origin_yx: tuple[int, int], shape: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    """Return the part of a frame in which a mask lies, bool, of that shape."""
    part = np.zeros(shape, bool)
    rows, columns = mask.slices
    y, x = origin_yx
    part[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x] = (
        mask.crop
    )
    return part
