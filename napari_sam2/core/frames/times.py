"""When each frame is shown, of sources that know it: films of uneven spacing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_sam2.core.frames.layout import FrameLayout


def frame_times(source: Any) -> Sequence[float] | None:
    """Return the time of every frame since the first one.

    Parameters
    ----------
    source : FrameSource or array-like
        Of an array, the times along its first axis.

    Returns
    -------
    sequence of float or None
        In the unit of the axis of frames; None where they follow each other evenly, or
        nothing is known of it. It may be that the file is read for the first of them.
    """
    times: Sequence[float] | None = getattr(source, "frame_times", None)
    return times


def times_along(array: Any, layout: FrameLayout) -> Sequence[float] | None:
    """Return the times of the frames of an array, if they lie along its first axis."""
    return frame_times(array) if layout.frame == 0 else None
