"""How well label stacks agree with true masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_sam2.evaluation.measures import jaccard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from napari_sam2.core.frames.source import FrameSource


def ious(
    found: npt.NDArray[Any], true: npt.NDArray[Any], object_ids: Iterable[int]
) -> Iterator[float]:
    """Yield the overlap of each object that exists in either of two label images.

    Parameters
    ----------
    found, true : ndarray of int, shape (H, W)
        Label images with the same object ids.
    object_ids : iterable of int
        The objects to compare.

    Yields
    ------
    float
        Intersection over union, 0 when the object exists in one of them only.
    """
    for object_id in object_ids:
        mine, theirs = found == object_id, true == object_id
        if mine.any() or theirs.any():
            yield jaccard(mine, theirs)


def mean_iou(
    found: FrameSource, true: FrameSource, pairs: Iterable[tuple[int, Iterable[int]]]
) -> float:
    """Return the mean overlap over frames and objects.

    Parameters
    ----------
    found, true : FrameSource
        Label stacks of one shape.
    pairs : iterable of (int, iterable of int)
        Frames, and the objects to compare on each.

    Returns
    -------
    float
        NaN when no object exists on any of these frames.
    """
    values = [
        iou for frame, ids in pairs for iou in ious(found[frame], true[frame], ids)
    ]
    return float(np.mean(values)) if values else float("nan")
