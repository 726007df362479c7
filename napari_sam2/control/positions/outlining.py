"""Masks that exist, in the form in which they are to be prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from napari_sam2.core.prompts import FramePrompts

if TYPE_CHECKING:
    from napari_sam2.core.masks.packed import PackedMask

Form: TypeAlias = Literal["masks", "boxes", "points"]
"""The pixels themselves, the box around them, or a point well within."""


def as_form(mask: PackedMask, form: Form) -> PackedMask | FramePrompts:
    """Return what says where a mask is, in one of three forms."""
    if form == "masks":
        return mask
    if form == "boxes":
        return FramePrompts(box_yxyx=box_around(mask))
    return FramePrompts(points_yx=(point_within(mask),), positive=(True,))


def box_around(mask: PackedMask) -> tuple[float, float, float, float]:
    """Return (y0, x0, y1, x1) of the outer edges of a mask's pixels."""
    (y, x), (height, width) = mask.origin_yx, mask.crop_hw
    return y - 0.5, x - 0.5, y + height - 0.5, x + width - 0.5


def point_within(mask: PackedMask) -> tuple[float, float]:
    """Return (y, x) of the pixel of a mask that is farthest from its edge."""
    from scipy import ndimage  # takes a second, and is rarely needed

    depth = ndimage.distance_transform_edt(np.pad(mask.crop, 1))
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(y - 1 + mask.origin_yx[0]), float(x - 1 + mask.origin_yx[1])
