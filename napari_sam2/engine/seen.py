"""What the model says about objects on a frame, as results in data pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from napari_sam2.engine.masks import Scores, to_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.core.results import MaskResult
    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.views import View
    from napari_sam2.model.object_state import ObjectState


class Seen(NamedTuple):
    """The answer for one object on a frame, and what was looked at."""

    object_id: int
    state: ObjectState
    view: View
    is_prompted: bool


def results_of(
    seen: Sequence[Seen],
    frame: int,
    shape_hw: tuple[int, int],
    options: TrackerOptions,
) -> tuple[MaskResult, ...]:
    """Turn all that was seen on one frame, (H, W), into results."""
    if not seen:
        return ()
    pairs = [torch.stack([s.state.ious[0], s.state.object_logits[0, 0]]) for s in seen]
    numbers = torch.stack(pairs).float().tolist()
    scores = [
        Scores(one.object_id, iou, logit, one.is_prompted)
        for one, (iou, logit) in zip(seen, numbers, strict=True)
    ]
    logits = torch.cat([one.state.logits[:, 0] for one in seen])
    views = [one.view for one in seen]
    return to_results(logits, scores, frame, views, shape_hw, options)
