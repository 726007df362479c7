"""The edit that ends an object where it divides, and begins its daughters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.errors import PromptError
from napari_sam2.core.frames.source import check_frame
from napari_sam2.core.lineage import Descent
from napari_sam2.core.masks.pieces import similar_pieces
from napari_sam2.core.prompt_checks import free_number
from napari_sam2.state.edit import Edit, TrackedObject
from napari_sam2.state.lineage import daughters_of
from napari_sam2.state.masks import CERTAIN, FrameMask, Origin

if TYPE_CHECKING:
    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place

_SPECK_SHARE = 0.1
"""A piece that is smaller than this, compared with the largest, is no daughter."""


def divide_object(document: Document, object_id: int, frame: int) -> Edit:
    """Say that an object has divided: on this frame there are two daughters instead.

    The two largest pieces of its mask there become the masks of two new objects, as if
    they were painted. The mother has nothing on this frame and after it; what was said
    and found there goes. Where that is all that was ever said of her, her mask on the
    frame before is kept as if it were painted, for runs to follow her from.

    Raises
    ------
    FrameError
        If there is no such frame.
    PromptError
        If the mask is not in two pieces, the object has divided already, or begins
        here, is locked on this frame or later, or the stack has many positions.
    """
    mother = document.get_object(object_id)
    check_frame(frame, document.frame_count)
    _check_can_end(document, mother, frame)
    pieces = _pieces(document, mother, frame)
    later = range(frame, document.series_of(frame).stop)
    said = [place for place in document.prompts if place[0] == object_id]
    prompts = {place: None for place in said if place[1] in later}
    # Also where there is no mask yet: what a run finds between undo and redo must not
    # outlive the mother.
    masks: dict[Place, FrameMask | None] = {(object_id, f): None for f in later}
    masks |= _last_word(document, object_id, frame - 1)
    daughters: dict[int, TrackedObject] = {}
    for piece in pieces:
        number = free_number({*document.objects, *daughters})
        descent = Descent(object_id, frame)
        daughters[number] = TrackedObject(number, f"Object {number}", descent)
        masks[number, frame] = FrameMask(piece, Origin.PAINTED, 1.0, CERTAIN)
    return Edit(f"Divide {mother.name} on frame {frame}", daughters, prompts, masks)


def _check_can_end(document: Document, mother: TrackedObject, frame: int) -> None:
    name, objects = mother.name, document.objects
    if document.series_length < document.frame_count:
        raise PromptError(
            "Divisions can be marked in a single series of frames only, and this "
            "stack has many, one at each position."
        )
    daughters = daughters_of(objects, mother.object_id)
    if daughters:
        names = " and ".join(objects[i].name for i in daughters)
        when = document.lives.ends[mother.object_id]
        raise PromptError(
            f"{name} has divided on frame {when}, into {names}: choose one of these, "
            f"or delete them to mark the division of {name} elsewhere."
        )
    begin = 0 if mother.descent is None else mother.descent.frame
    if frame <= begin:
        raise PromptError(
            f"{name} begins on frame {begin}: it can divide after that only."
        )
    row = document.masks.of_object(mother.object_id)
    locked = [f for f, mask in row.items() if f >= frame and mask.is_locked]
    if locked:
        raise PromptError(
            f"{name} is locked on frame {min(locked)}, where it would be no more: "
            "unlock it there before it divides."
        )


def _last_word(
    document: Document, object_id: int, frame: int
) -> dict[Place, FrameMask]:
    """Return an object's last mask as painted, if all was said of it behind that."""
    first, known = (
        document.first_prompt(object_id),
        document.masks.get((object_id, frame)),
    )
    if first is None or first <= frame or known is None or known.mask.is_absent:
        return {}
    painted = replace(
        known,
        origin=Origin.PAINTED,
        predicted_iou=1.0,
        object_logit=CERTAIN,
        step=None,
    )
    return {(object_id, frame): painted}


def _pieces(document: Document, mother: TrackedObject, frame: int) -> list[PackedMask]:
    """Return the two pieces of an object's mask that become its daughters."""
    mask = document.masks.get((mother.object_id, frame))
    if mask is None or mask.mask.is_absent:
        raise PromptError(
            f"{mother.name} has no mask on frame {frame}: go to the first frame on "
            "which its mask lies on both daughters."
        )
    pieces = similar_pieces(mask.mask, _SPECK_SHARE)
    if not pieces:
        raise PromptError(
            f"The mask of {mother.name} is in one piece on frame {frame}: erase it "
            "between the daughters, or go to a frame on which they are apart."
        )
    return pieces
