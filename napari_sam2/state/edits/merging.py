"""The edit that makes one object of several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_sam2.core.errors import PromptError
from napari_sam2.core.masks.packing import unite
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state.edit import Edit
from napari_sam2.state.edits.objects import remove_objects
from napari_sam2.state.edits.relatives import family_of_whole
from napari_sam2.state.masks import CERTAIN, FrameMask, Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import TypeAlias

    from napari_sam2.state.document import Document
    from napari_sam2.state.masks import Place

    Box: TypeAlias = tuple[float, float, float, float]


def merge_objects(document: Document, object_ids: Collection[int]) -> Edit:
    """Make one object of several: the lowest keeps its number, name and colour.

    Where only one of them is on a frame, its mask and its prompts become those of the
    whole. Where several are, their masks are joined; the model is as sure of the whole
    as of the part that it was least sure of. If something was said about any of them
    there, the joined mask counts as painted, and takes the place of points and boxes:
    a model can be told one box only, "not here" of one part may lie on another, and its
    answer to the points of one part leaves out the others. Only where an answer is due
    still, points are put together, and a box around all boxes, for the model to answer.

    The whole is a daughter, and has daughters, as its parts were and had, but of whom
    it is seen with on one frame.

    That a part is absent says nothing of the whole, unless all of them are. A joined
    mask is locked if any of its parts was, and accepted if all were.

    Raises
    ------
    PromptError
        If there are fewer than two, one is gone, or one is locked where another waits
        for an answer.
    """
    first, *others = sorted({*object_ids}) or [0]
    if not others:
        raise PromptError("Choose two or more objects to make one of them.")
    name = document.get_object(first).name
    gone = remove_objects(document, others)
    prompts, masks = dict(gone.prompts), dict(gone.masks)
    frames = {frame for _, frame in (*gone.prompts, *gone.masks)}
    for frame in sorted(frames.union(document.masks.of_object(first))):
        place = first, frame
        parts = [_part(document, (i, frame)) for i in (first, *others)]
        mask, said = _whole(parts)
        if mask is not parts[0].mask or said is not parts[0].prompts:
            masks[place] = mask  # also where it stays: undo takes its answer back
        if said is not parts[0].prompts:
            prompts[place] = said
    label = f"Merge {1 + len(others)} objects into {name}"
    edit = Edit(label, gone.objects, prompts, masks)
    return replace(edit, objects=family_of_whole(document, edit, (first, *others)))


@dataclass(frozen=True, slots=True)
class _Part:
    """What is known about one of the objects on a frame.

    ``is_due`` is whether the model still has to answer the prompts; ``where`` names
    the object and the frame.
    """

    mask: FrameMask | None
    prompts: FramePrompts | None
    is_due: bool
    where: str

    @property
    def is_here(self) -> bool:
        """Whether the object has pixels on the frame, or is to be found there."""
        return self.prompts is not None or not (
            self.mask is None or self.mask.mask.is_absent
        )

    @property
    def is_said(self) -> bool:
        """Whether the user said where the object is."""
        return self.prompts is not None or _is_painted(self.mask)

    @property
    def base(self) -> FrameMask | None:
        """What there is without an answer to points and a box."""
        if self.mask is not None and self.mask.origin is Origin.PROMPTED:
            return self.mask.beneath
        return self.mask


def _part(document: Document, place: Place) -> _Part:
    object_id, frame = place
    return _Part(
        document.masks.get(place),
        document.prompts.get(place),
        document.needs_answer(*place),
        f"{document.objects[object_id].name} on frame {frame}",
    )


def _whole(parts: Sequence[_Part]) -> tuple[FrameMask | None, FramePrompts | None]:
    """Return the mask of a whole on a frame, and what is said about it."""
    here = [part for part in parts if part.is_here]
    if not here:
        return _absence(parts), None
    if len(here) == 1:
        (only,) = here
        return only.mask if only is parts[0] else _moved(only.mask), only.prompts
    masks = [part.mask for part in here if part.mask is not None]
    is_seen = any(not mask.mask.is_absent for mask in masks)
    if not is_seen or any(part.is_due for part in here):
        return _to_be_answered(here), _put_together(here)
    joined = _joined(masks)
    return _painted(joined) if any(part.is_said for part in here) else joined, None


def _absence(parts: Sequence[_Part]) -> FrameMask | None:
    """Return what is known where none of the parts has a pixel.

    The user's own word, and a lock, hold if they were given for all of them.
    """
    masks = [part.mask for part in parts if part.mask is not None]
    if not masks:
        return None
    own, is_of_all = parts[0].mask, len(masks) == len(parts)
    joined = replace(
        _joined(masks),
        is_locked=is_of_all and all(mask.is_locked for mask in masks),
        is_reviewed=is_of_all and all(mask.is_reviewed for mask in masks),
    )
    if is_of_all and all(map(_is_painted, masks)):
        joined = _painted(joined, -CERTAIN)
    return own if joined == own else joined


def _to_be_answered(here: Sequence[_Part]) -> FrameMask | None:
    """Return what is seen until the model has answered the prompts of all parts."""
    masks = [part.mask for part in here if part.mask is not None]
    for part in here:
        if part.mask is not None and part.mask.is_locked:
            raise PromptError(
                f"{part.where} is locked, and cannot be joined there with an object "
                "whose prompts wait for an answer: unlock it, or withdraw those."
            )
    if not masks:
        return None
    bases = [part.base for part in here if part.base is not None]
    beneath = _joined(bases) if bases else None
    if beneath is not None and any(map(_is_painted, bases)):
        beneath = _painted(beneath)
    seen = _joined(masks)
    return replace(seen, origin=Origin.PROMPTED, is_reviewed=False, beneath=beneath)


def _put_together(here: Sequence[_Part]) -> FramePrompts:
    said = [part.prompts for part in here if part.prompts is not None]
    boxes = [one.box_yxyx for one in said if one.box_yxyx is not None]
    return FramePrompts(
        points_yx=tuple(point for one in said for point in one.points_yx),
        positive=tuple(label for one in said for label in one.positive),
        box_yxyx=_around(boxes) if boxes else None,
    )


def _around(boxes: Sequence[Box]) -> Box:
    """Return the smallest box, (y0, x0, y1, x1), that holds all of them."""
    y0, x0, y1, x1 = zip(*boxes, strict=True)
    return min(y0), min(x0), max(y1), max(x1)


def _joined(masks: Sequence[FrameMask]) -> FrameMask:
    """Return masks as one that runs found."""
    return FrameMask(
        unite([one.mask for one in masks]),
        Origin.TRACKED,
        predicted_iou=min(one.predicted_iou for one in masks),
        object_logit=max(one.object_logit for one in masks),
        is_locked=any(one.is_locked for one in masks),
        is_reviewed=all(one.is_reviewed for one in masks),
    )


def _painted(mask: FrameMask, logit: float = CERTAIN) -> FrameMask:
    return replace(mask, origin=Origin.PAINTED, predicted_iou=1.0, object_logit=logit)


def _is_painted(mask: FrameMask | None) -> bool:
    return mask is not None and mask.origin is Origin.PAINTED


def _moved(mask: FrameMask | None) -> FrameMask | None:
    """Return a mask as another object's: no step of the recipe has given it that."""
    if mask is None:
        return None
    return replace(mask, step=None, beneath=_moved(mask.beneath))
