"""Single reasons to doubt a mask. Pure functions of masks and thresholds.

Each yields nothing when there is nothing to say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.geometry import pairs_that_meet
from napari_sam2.core.masks.pieces import similar_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.state.masks import FrameMask
    from napari_sam2.state.thresholds import ReviewThresholds

_CERTAIN_LOSS, _DIVISION = 0.8, 0.7
_SIMILAR = 1 / 3
"""The smaller of two pieces of similar size is at least this share of the larger."""
_MOST_LOOKED_AT = 1 << 22
"""Pixels of a box in which pieces are looked for: a tenth of a second's work."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One reason to doubt a mask.

    Attributes
    ----------
    severity : float
        Above 0 and at most 1.
    reason : str
        A sentence for the user.
    is_lasting : bool
        Whether masks that were carried on from this one deserve the same doubt: an
        object that was lost stays lost.
    """

    severity: float
    reason: str
    is_lasting: bool = True


def low_confidence(one: FrameMask, limits: ReviewThresholds) -> Iterator[Suspicion]:
    """Doubt a mask that the model itself doubts."""
    iou, logit = one.predicted_iou, one.object_logit
    low = limits.predicted_iou
    if low is not None and iou < low and not one.mask.is_absent:
        yield Suspicion(
            _share(low - iou, low),
            f"The model expects an overlap of only {max(0.0, iou):.0%} with the truth.",
            is_lasting=False,  # it is different on every frame
        )
    close = limits.object_logit
    if close is not None and abs(logit) < close:
        yield Suspicion(
            _share(close - abs(logit), close),
            "The model is not sure whether the object is in this frame.",
        )


def filled_image(mask: PackedMask, limits: ReviewThresholds) -> Iterator[Suspicion]:
    """Doubt a mask that fills the image: so it often is when the object is lost."""
    share = mask.area / (mask.shape_hw[0] * mask.shape_hw[1])
    if limits.image_share is not None and share > limits.image_share:
        yield Suspicion(1.0, f"The mask fills {share:.0%} of the image.")


def sudden_change(
    mask: PackedMask, before: PackedMask, limits: ReviewThresholds
) -> Iterator[Suspicion]:
    """Doubt a mask that is unlike the one that it was carried on from."""
    if mask.is_absent and before.is_absent:
        return
    if mask.is_absent or before.is_absent:
        if limits.area_ratio is not None:
            verb = "disappears" if mask.is_absent else "appears"
            yield Suspicion(_CERTAIN_LOSS, f"The object {verb} in this frame.")
        return
    if limits.area_ratio is not None:
        yield from _parted(mask, before)
    yield from _resized(mask.area, before.area, limits.area_ratio)
    yield from _moved(mask, before, limits.centroid_jump)


def neighbours(masks: Mapping[int, PackedMask]) -> dict[int, list[int]]:
    """Return for every object of a frame those that it may touch, by their boxes."""
    near: dict[int, list[int]] = {object_id: [] for object_id in masks}
    ids, boxes = list(masks), [mask.box_yxyx for mask in masks.values()]
    for one, other in pairs_that_meet(boxes, margin=1):
        near[ids[one]].append(ids[other])
    return near


def contact(
    mask: PackedMask, other: PackedMask, name: str, limits: ReviewThresholds
) -> Iterator[Suspicion]:
    """Doubt a mask that overlaps another object's, or shares much outline with it."""
    window = _common_window(mask, other)
    if window is None:
        return
    mine, others = _cut(mask, window), _cut(other, window)
    overlap = np.count_nonzero(mine & others) / mask.area
    if limits.overlap is not None and overlap > limits.overlap:
        yield Suspicion(
            _share(overlap - limits.overlap, 1 - limits.overlap),
            f"{overlap:.0%} of the mask lies in {name}.",
            is_lasting=False,
        )
    if limits.touching is None:
        return
    touched = np.count_nonzero(mine & _widened(others & ~mine))
    share = touched / np.count_nonzero(_outline(np.pad(mask.crop, 1)))
    if share > limits.touching:
        yield Suspicion(
            _share(share - limits.touching, 1 - limits.touching),
            f"{share:.0%} of the outline touches {name}.",
            is_lasting=False,
        )


def _parted(mask: PackedMask, before: PackedMask) -> Iterator[Suspicion]:
    """Doubt a mask that was one piece, and is two of similar size: a cell divides."""
    height, width = mask.crop_hw
    if height * width > _MOST_LOOKED_AT:
        return
    if similar_pieces(mask, _SIMILAR) and not similar_pieces(before, _SIMILAR):
        yield Suspicion(
            _DIVISION,
            "The mask falls into two pieces of similar size: has it divided?",
        )


def _resized(area: int, before: int, limit: float | None) -> Iterator[Suspicion]:
    ratio = max(area, before) / min(area, before)
    if limit is not None and ratio > limit:
        verb = "grows" if area > before else "shrinks"
        yield Suspicion(
            _share(math.log(ratio / limit), math.log(4)),
            f"The mask {verb} from {before} to {area} pixels.",
        )


def _moved(
    mask: PackedMask, before: PackedMask, limit: float | None
) -> Iterator[Suspicion]:
    if limit is None or mask.centroid_yx is None or before.centroid_yx is None:
        return
    distance = math.dist(mask.centroid_yx, before.centroid_yx)
    diameter = 2 * math.sqrt(max(mask.area, before.area) / math.pi)
    if distance > limit * diameter:
        yield Suspicion(
            _share(distance / diameter - limit, 2 * limit),
            f"The mask jumps by {distance:.0f} pixels, "
            f"{distance / diameter:.1f} times its diameter.",
        )


def _share(excess: float, range_: float) -> float:
    """Scale how far a limit is passed to a severity; passing it at all counts."""
    return 0.1 + 0.9 * min(1.0, max(0.0, excess / range_ if range_ else 1.0))


Window = tuple[int, int, int, int]


def _common_window(mask: PackedMask, other: PackedMask) -> Window | None:
    """Return y0, x0, y1, x1 (ends left out) where two masks may touch, or None.

    Two pixels wider than what the boxes share, so that neighbours are seen whole.
    """
    a, b = mask.box_yxyx, other.box_yxyx
    if a is None or b is None:
        return None
    y0, x0 = max(a[0], b[0]) - 2, max(a[1], b[1]) - 2
    y1, x1 = min(a[2], b[2]) + 3, min(a[3], b[3]) + 3
    return (y0, x0, y1, x1) if y1 - y0 >= 4 and x1 - x0 >= 4 else None


def _cut(mask: PackedMask, window: Window) -> npt.NDArray[np.bool_]:
    """Return a mask in a window, (H, W), which may reach beyond the image."""
    y0, x0, y1, x1 = window
    (top, left), (height, width) = mask.origin_yx, mask.crop_hw
    rows = np.arange(y0, y1) - top
    columns = np.arange(x0, x1) - left
    inside = np.ix_((rows >= 0) & (rows < height), (columns >= 0) & (columns < width))
    cut = np.zeros((y1 - y0, x1 - x0), bool)
    cut[inside] = mask.crop[
        max(0, y0 - top) : max(0, y1 - top), max(0, x0 - left) : max(0, x1 - left)
    ]
    return cut


def _widened(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Add the four neighbours of every pixel of a mask, (H, W)."""
    wide = mask.copy()
    wide[1:] |= mask[:-1]
    wide[:-1] |= mask[1:]
    wide[:, 1:] |= mask[:, :-1]
    wide[:, :-1] |= mask[:, 1:]
    return wide


def _outline(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the pixels of a mask, (H, W), with a neighbour outside it."""
    return mask & _widened(~mask)
