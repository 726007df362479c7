"""What a tracker has to know of a document, as a value that may cross to the lane.

The lane compares it with what it told the tracker and tells it the difference. So it
does not matter how the document came to say what it says: clicks, undo, redo, a loaded
session, or a tracker that was made anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state.masks import Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_sam2.state.document import Document
    from napari_sam2.state.mask_table import MaskTable
    from napari_sam2.state.masks import Place


@dataclass(frozen=True, slots=True)
class Refinement:
    """Points and a box on a frame that was painted before.

    Attributes
    ----------
    prompts : FramePrompts
    painted : PackedMask
        What they add to, or take away from.
    """

    prompts: FramePrompts
    painted: PackedMask


Said: TypeAlias = FramePrompts | PackedMask | Refinement


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the document says about some objects.

    Attributes
    ----------
    scope : frozenset of int
        The objects that this is about.
    alive : frozenset of int
        All objects that exist.
    said : mapping of (object_id, frame) to FramePrompts, PackedMask or Refinement
        Everything the user said about the objects in scope.
    masks : MaskTable
        What the user sees.
    corrected : mapping of (object_id, frame) to PackedMask
        The tracked masks that prompts correct.
    """

    scope: frozenset[int]
    alive: frozenset[int]
    said: Mapping[Place, Said]
    masks: MaskTable
    corrected: Mapping[Place, PackedMask]


def take_snapshot(document: Document, object_ids: Collection[int]) -> Snapshot:
    """Take down what the document says about some objects."""
    said: dict[Place, Said] = {}
    corrected: dict[Place, PackedMask] = {}
    for object_id in object_ids:
        row = document.masks.of_object(object_id)
        for frame, one in document.said_about(object_id).items():
            place = object_id, frame
            said[place] = one
            mask = row.get(frame)
            if mask is None or not isinstance(one, FramePrompts):
                continue
            base = mask.beneath or mask
            if base.origin is Origin.TRACKED:
                corrected[place] = base.mask
            elif base.origin is Origin.PAINTED and not base.mask.is_absent:
                said[place] = Refinement(one, base.mask)
    return Snapshot(
        scope=frozenset(object_ids),
        alive=frozenset(document.objects),
        said=said,
        masks=document.masks.copy(),
        corrected=corrected,
    )


def outlines(said: Mapping[Place, Said]) -> dict[Place, FramePrompts]:
    """Return the points and boxes of what was said."""
    return {
        place: one.prompts if isinstance(one, Refinement) else one
        for place, one in said.items()
        if not isinstance(one, PackedMask)
    }
