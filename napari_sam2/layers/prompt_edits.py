"""What a gesture in the prompt layers changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.prompts import FramePrompts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.state.masks import Place


def differences(
    before: Mapping[Place, FramePrompts], after: Mapping[Place, FramePrompts]
) -> dict[Place, FramePrompts]:
    """Return what is said afterwards wherever it differs; empty where withdrawn."""
    return {
        place: after.get(place, FramePrompts())
        for place in sorted({**before, **after})
        if before.get(place) != after.get(place)
    }


def keep_exact(
    news: Mapping[Place, FramePrompts],
    seen: Mapping[Place, FramePrompts],
    shown: Mapping[Place, FramePrompts],
) -> dict[Place, FramePrompts]:
    """Return news with the boxes that were not touched as they were first said.

    napari keeps shapes in single precision; that is no change.

    Parameters
    ----------
    news : mapping of (object_id, frame) to FramePrompts
        What the layers say now, where it differs.
    seen : mapping of (object_id, frame) to FramePrompts
        What they said before.
    shown : mapping of (object_id, frame) to FramePrompts
        What they were to show then.
    """
    nothing = FramePrompts()
    return {
        place: replace(one, box_yxyx=shown[place].box_yxyx)
        if place in shown and one.box_yxyx == seen.get(place, nothing).box_yxyx
        else one
        for place, one in news.items()
    }
