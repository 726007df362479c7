"""Cross-sections of objects: what was found along one axis, as prompts on another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.control.positions.outlining import box_around
from napari_sam2.control.positions.seeding import choose_cuts
from napari_sam2.core.masks.orientation import Oriented, cut
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari_sam2.control.positions.ports import FramePlace
    from napari_sam2.core.masks.orientation import Dims
    from napari_sam2.core.results import FrameResult, MaskResult


def cross_sections(
    read: Callable[[], Iterator[FrameResult]],
    shape: tuple[int, int, int],
    prompts: Mapping[FramePlace, FramePrompts],
    dims: Dims,
) -> dict[FramePlace, FramePrompts]:
    """Return prompts along another axis, from what was found along the first one.

    An object is cut in the middle of its mask on every frame on which it was prompted;
    of its largest mask, if it is seen on none of these.

    Parameters
    ----------
    read : callable
        Returns an iterator over what was found, frame by frame.
    shape : tuple of int
        (frames, rows, columns) of the first axis.
    prompts : mapping of (int, int) to FramePrompts
        By object and frame of the first axis.
    dims : (int, int, int)
        For the frames, rows and columns of the other axis, which of the first one's
        they are.

    Returns
    -------
    dict of (int, int) to FramePrompts
        Boxes, by object and frame of the other axis. Objects that are not seen along
        the first one are left out.
    """
    cuts = _middles(read, prompts, dims[0] - 1)
    planes = cut(Oriented((0, 1, 2), read), shape, dims[0], cuts)
    is_turned = dims[1] > dims[2]
    masks = {
        place: pack_mask(plane.T if is_turned else plane)
        for place, plane in planes.items()
        if plane.any()
    }
    return {
        place: FramePrompts(box_yxyx=box_around(one)) for place, one in masks.items()
    }


def _middles(
    read: Callable[[], Iterator[FrameResult]],
    prompts: Mapping[FramePlace, FramePrompts],
    along: int,
) -> set[FramePlace]:
    """Return the objects, and where across rows or columns each is to be cut."""
    seen = [
        one
        for result in read()
        for one in result
        if (one.object_id, one.frame) in prompts and not one.is_absent
    ]
    unseen = {object_id for object_id, _ in prompts} - {one.object_id for one in seen}
    seen += choose_cuts(read(), dict.fromkeys(unseen, ())).values() if unseen else ()
    return {(one.object_id, _middle(one, along)) for one in seen}


def _middle(one: MaskResult, along: int) -> int:
    """Return the middle row or column of a mask; of a bent one, where it is widest."""
    centroid = one.centroid_yx
    assert centroid is not None, "only objects that are seen are cut"
    counts = one.crop.sum(axis=1 - along)
    middle = round(centroid[along]) - one.origin_yx[along]
    return one.origin_yx[along] + (middle if counts[middle] else int(counts.argmax()))
