"""Where to look for what a prompt points at, and which of several answers to take."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from napari_sam2.core.geometry import box_corners_yx
from napari_sam2.engine.views.view import box_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_sam2.core.prompts import FramePrompts
    from napari_sam2.engine.views.view import View
    from napari_sam2.engine.views.window import Window

_SURER = 0.12


def views_for(
    window: Window, prompts: FramePrompts, before: Iterable[View | None]
) -> list[View]:
    """Return the views in which prompts may be answered, the widest last.

    Parameters
    ----------
    window : Window
    prompts : FramePrompts
    before : iterable of View or None
        Views that the object was or would be looked at in on this frame. The first that
        shows everything that is said to belong to the object is kept.

    Returns
    -------
    list of View
        One, unless clicks alone leave open how large the object is.
    """
    if window.is_off:
        return [window.whole]
    if (painted := prompts.packed) is not None:
        box = painted.box_yxyx
        return [window.whole if box is None else window.around(box)]
    inside = list(compress(prompts.points_yx, prompts.positive))
    if prompts.box_yxyx is not None:
        inside += box_corners_yx(prompts.box_yxyx)
    for view in before:
        if view is not None and all(map(view.holds, inside)):
            return [view]
    if prompts.box_yxyx is not None:
        return [window.around(box_of(inside))]
    return window.scales(box_of(inside)) if inside else [window.whole]


def surest(predicted_ious: Sequence[float]) -> int:
    """Return which of several views to believe; the last is the widest.

    A closer look must be clearly surer: models are a little surer of parts of objects
    that fill their view.
    """
    widest = len(predicted_ious) - 1
    best = max(range(len(predicted_ious)), key=lambda i: predicted_ious[i])
    return best if predicted_ious[best] > predicted_ious[widest] + _SURER else widest
