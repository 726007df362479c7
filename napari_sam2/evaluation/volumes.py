"""Dice and distances of whole objects in volumes, in the volume's own unit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.evaluation.masks import cut_out, joint_box
from napari_sam2.evaluation.measures import dice, hausdorff95

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.evaluation.assignment import Assignment
    from napari_sam2.evaluation.masks import Masks
    from napari_sam2.evaluation.truth import Spacing

DICE, HD95 = "dice", "hd95"


def volume_measures(
    found: Masks, true: Masks, todo: Assignment, object_id: int, spacing: Spacing
) -> dict[str, float]:
    """Return Dice and the 95 % Hausdorff distance of an object.

    The volume goes from the first prompted slice on, that one included. Where slices in
    between are not known, no surface is, and the distance is NaN.

    Returns
    -------
    dict of str to float
        ``"dice"``, 0 to 1, and ``"hd95"``, in the unit of ``spacing``.
    """
    slices = todo.compared(object_id)
    ours, theirs = _stacked(found, true, object_id, slices)
    is_whole = slices[-1] - slices[0] + 1 == len(slices)
    distance = hausdorff95(ours, theirs, spacing.zyx) if is_whole else math.nan
    return {DICE: dice(ours, theirs), HD95: distance}


def _stacked(
    found: Masks, true: Masks, object_id: int, slices: tuple[int, ...]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return two volumes, (slices, rows, columns), in the box that holds both."""
    packed = [
        [masks.packed(object_id, frame) for frame in slices] for masks in (found, true)
    ]
    box = joint_box(mask for one in packed for mask in one)
    y0, x0, y1, x1 = box or (0, 0, -1, -1)
    shape = y1 - y0 + 1, x1 - x0 + 1
    ours, theirs = (
        np.stack([cut_out(mask, (y0, x0), shape) for mask in one]) for one in packed
    )
    return ours, theirs
