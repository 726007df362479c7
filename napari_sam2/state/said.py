"""Everything that the user said about the objects of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.core.said import Said
from napari_sam2.state.masks import Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.state.mask_table import MaskTable
    from napari_sam2.state.masks import Place


def everything_said(
    object_ids: Collection[int],
    prompts: Mapping[Place, FramePrompts],
    masks: MaskTable,
) -> Iterator[Said]:
    """Yield what the user said, by object and frame.

    What was painted and refined by points then lies beneath the mask that these gave,
    and was said as well.
    """
    painted = {(i, frame) for i in object_ids for frame in masks.painted_frames(i)}
    for place in sorted({*prompts, *painted}):
        if place in prompts:
            yield Said(*place, prompts[place])
        one = masks.get(place)
        while one is not None:
            if one.origin is Origin.PAINTED:
                yield Said(*place, one.mask)
            one = one.beneath
