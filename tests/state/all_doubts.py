"""All doubts of a document at once: what a reviewer comes to step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.state.review import doubts_on, first_prompted, inherited

if TYPE_CHECKING:
    from napari_sam2.state import Document, ReviewThresholds
    from napari_sam2.state.masks import Place
    from napari_sam2.state.review import Doubt


def all_doubts(document: Document, limits: ReviewThresholds) -> dict[Place, Doubt]:
    """Return all doubtful masks, inherited doubts included."""
    first_prompts = first_prompted(document, document.objects)
    own: dict[int, dict[int, Doubt]] = {}
    for frame in range(document.frame_count):
        doubts = doubts_on(document, frame, limits, first_prompts)
        for object_id, doubt in doubts.items():
            own.setdefault(object_id, {})[frame] = doubt
    found: dict[Place, Doubt] = {}
    for object_id, row in own.items():
        first = first_prompts.get(object_id, {})
        row = {**inherited(document, object_id, row, first), **row}
        found |= {(object_id, frame): doubt for frame, doubt in row.items()}
    return found
