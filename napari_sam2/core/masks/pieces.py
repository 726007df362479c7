"""The separate pieces of a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.masks.packing import pack_crop

if TYPE_CHECKING:
    from napari_sam2.core.masks.packed import PackedMask


def largest_pieces(mask: PackedMask, count: int) -> list[PackedMask]:
    """Return the largest pieces of a mask, the largest first.

    Pixels that meet at a corner belong together.

    Parameters
    ----------
    mask : PackedMask
    count : int
        How many are wanted at most.
    """
    from scipy import ndimage

    labels, _ = ndimage.label(mask.crop, structure=np.ones((3, 3), bool))
    areas = np.bincount(labels.ravel())[1:]
    largest = np.argsort(-areas, kind="stable")[:count].tolist()
    return [
        pack_crop(labels == piece + 1, mask.origin_yx, mask.shape_hw)
        for piece in largest
    ]


def similar_pieces(mask: PackedMask, share: float) -> list[PackedMask]:
    """Return the two largest pieces of a mask; none where they are not alike.

    Parameters
    ----------
    mask : PackedMask
    share : float
        How large the smaller one is at least, as a share of the larger.
    """
    if mask.area < 2:
        return []
    pieces = largest_pieces(mask, 2)
    is_alike = len(pieces) == 2 and pieces[1].area >= share * pieces[0].area
    return pieces if is_alike else []
