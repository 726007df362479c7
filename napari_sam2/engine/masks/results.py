"""What the model says about objects on a frame, as results in data pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from napari_sam2.core.masks.packed import PackedMask
from napari_sam2.core.masks.soft import soft_mask
from napari_sam2.engine.masks.from_logits import Grids, Scores, to_results
from napari_sam2.engine.views.view import occupied_and

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.objects.track import Said
    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.views.view import View
    from napari_sam2.model.object_state import ObjectState


class Seen(NamedTuple):
    """The answer for one object on a frame, what was looked at, and what was said."""

    object_id: int
    state: ObjectState
    view: View
    said: Said | None = None  # None where it was not prompted


def results_of(
    seen: Sequence[Seen],
    frame: int,
    shape_hw: tuple[int, int],
    options: TrackerOptions,
) -> tuple[MaskResult, ...]:
    """Turn all that was seen on one frame, (H, W), into results.

    A mask that was given is the result, to the pixel: the model knows it on its coarse
    grid only. What others have there gives way.
    """
    if not seen:
        return ()
    said = [part for s in seen for part in (s.state.ious, s.state.object_logits[0])]
    numbers = torch.cat(said).float().view(len(seen), 2)
    logits = torch.cat([_found_in(one) for one in seen])
    occupied, numbers_here = occupied_and(logits, numbers)
    scores = [
        Scores(one.object_id, iou, logit, one.said is not None)
        for one, (iou, logit) in zip(seen, numbers_here.tolist(), strict=True)
    ]
    found = Grids(logits, occupied, [one.view for one in seen])
    results = to_results(found, scores, frame, shape_hw, options)
    given = {s.object_id: s.said for s in seen if isinstance(s.said, PackedMask)}
    return _with_given(results, given, options) if given else results


def _found_in(seen: Seen) -> torch.Tensor:
    """Return logits, (1, h, w), of what was found: nothing where a mask was given."""
    logits = seen.state.logits[:, 0]
    is_given = isinstance(seen.said, PackedMask)
    return torch.full_like(logits, -1.0) if is_given else logits


def _with_given(
    results: Sequence[MaskResult],
    given: Mapping[int, PackedMask],
    options: TrackerOptions,
) -> tuple[MaskResult, ...]:
    """Put masks that were given in place of the model's; the first has what two share.

    Others lose what they have there.
    """
    results = [_as_given(one, given.get(one.object_id)) for one in results]
    if options.allow_overlaps:
        return tuple(results)
    apart = []
    for one in results:
        for other in (one for one in results if one.object_id in given):
            if other.object_id == one.object_id:
                break
            one = one.without(other)
        apart.append(one)
    return tuple(apart)


def _as_given(result: MaskResult, given: PackedMask | None) -> MaskResult:
    """Return a result with the pixels that were given, if some were."""
    if given is None:
        return result
    crop, origin = given.crop, given.origin_yx
    soft = result.soft and soft_mask(crop.astype(np.float32), crop, origin)
    return replace(result, origin_yx=origin, crop=crop, soft=soft)
