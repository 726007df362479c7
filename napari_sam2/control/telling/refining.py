"""Points and boxes on a painted frame: they add to the painting, or take from it.

What was painted stays to the pixel wherever the prompts say nothing, whichever model
answers them. Models that start from a mask draw all of it anew, and those that cannot
would forget it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.prompts import FramePrompts
from napari_sam2.core.results import mask_result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_sam2.control.ports import Tracker
    from napari_sam2.control.telling.snapshot import Refinement
    from napari_sam2.core.results import MaskResult
    from napari_sam2.state.masks import Place


def refine(
    tracker: Tracker, place: Place, wanted: Refinement, *, spare_id: int
) -> MaskResult | None:
    """Add to a painting what is at positive points and in the box, take the rest away.

    What is at the negative points is asked of the picture as if it was an object of its
    own, which is then left out of the mask.

    Parameters
    ----------
    tracker : Tracker
        Is told the refined mask as that of the object.
    place : (object_id, frame)
    wanted : Refinement
    spare_id : int
        A number that is no object: questions are asked in its name.
    """
    object_id, frame = place
    mask = wanted.painted.mask
    confidence = 1.0
    for question, is_gain in _questions(wanted.prompts):
        found = tracker.set_prompts(spare_id, frame, question)
        tracker.remove_object(spare_id)
        if found is None:
            continue
        if is_gain:
            mask[found.slices] |= found.crop
        else:
            mask[found.slices] &= ~found.crop
        confidence = min(confidence, found.predicted_iou)
    told = tracker.set_prompts(object_id, frame, FramePrompts(mask=mask))
    return told and mask_result(
        mask,
        object_id=object_id,
        frame=frame,
        predicted_iou=confidence,
        object_logit=told.object_logit,
        is_prompted=True,
    )


def _questions(prompts: FramePrompts) -> Iterator[tuple[FramePrompts, bool]]:
    """Return what to ask, and whether the answer is to be added or taken away."""
    if prompts.box_yxyx is not None or any(prompts.positive):
        yield prompts, True
    if not all(prompts.positive):
        opposite = tuple(not positive for positive in prompts.positive)
        yield replace(prompts, positive=opposite, box_yxyx=None), False
