"""What was found along one axis of a volume, and planes of it across that axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    import numpy.typing as npt

    from napari_sam2.core.results import FrameResult, MaskResult

Dims: TypeAlias = tuple[int, int, int]
"""Where frames, rows and columns of an orientation lie among those of the volume."""


@dataclass(frozen=True, slots=True, eq=False)
class Oriented:
    """The results of one orientation.

    Attributes
    ----------
    dims : (int, int, int)
        For the frames, rows and columns of this orientation, the axis of the volume.
    read : callable
        Returns an iterator over the results of its frames, each frame once. It is
        called again whenever they are needed.
    """

    dims: Dims
    read: Callable[[], Iterator[FrameResult]]


def cut(
    found: Oriented,
    shape: tuple[int, int, int],
    axis: int,
    places: Collection[tuple[int, int]],
) -> dict[tuple[int, int], npt.NDArray[np.bool_]]:
    """Return planes of objects across an axis of the volume.

    Parameters
    ----------
    found : Oriented
    shape : tuple of int
        Of the volume.
    axis : int
        Of the volume, which the planes lie across.
    places : collection of (int, int)
        Objects, and indices along that axis.

    Returns
    -------
    dict of (int, int) to ndarray of bool
        By object and index, along the two other axes of the volume, in order.
    """
    wanted: dict[int, list[int]] = {}
    for object_id, index in places:
        wanted.setdefault(object_id, []).append(index)
    kept = [one for one in range(3) if one != axis]
    across = found.dims.index(axis)
    rest = [one for one in found.dims if one != axis]
    planes = {place: np.zeros([shape[one] for one in kept], bool) for place in places}
    for result in found.read():
        for one in result:
            for index in wanted.get(one.object_id, ()):
                plane = planes[one.object_id, index]
                _draw(one, across, index, plane if rest == kept else plane.T)
    return planes


def _draw(
    one: MaskResult, across: int, index: int, plane: npt.NDArray[np.bool_]
) -> None:
    """Draw what of a mask lies in a plane; 0 is across frames, 1 across rows."""
    if across == 0:
        if one.frame == index:
            plane[one.slices] = one.crop
        return
    crop = one.crop if across == 1 else one.crop.T
    inside, start = index - one.origin_yx[across - 1], one.origin_yx[2 - across]
    if 0 <= inside < len(crop):
        plane[one.frame, start : start + crop.shape[1]] = crop[inside]
