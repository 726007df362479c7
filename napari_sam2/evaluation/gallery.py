"""Where a method is worst, to look at: true and found outlines over the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.frames.intensity import estimate_limits
from napari_sam2.io.pictures.drawing import outline, to_rgb

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_sam2.core.frames.intensity import IntensityLimits
    from napari_sam2.core.masks.packed import PackedMask
    from napari_sam2.evaluation.scores import FrameScore, MethodScore
    from napari_sam2.evaluation.study import StackOutcome

    Picture = npt.NDArray[np.uint8]

TRUE_COLOUR = (45, 212, 191)
FOUND_COLOUR = (255, 79, 163)
_SIDE = 240
_WIDTH = 2  # of outlines
_LEAST_VIEW = 32  # pixels of the frame
_CONTEXT = 1.6  # side of a view, in sides of what is drawn


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One object on one frame, drawn.

    Attributes
    ----------
    score : FrameScore
    picture : ndarray of uint8, shape (h, w, 3)
    """

    score: FrameScore
    picture: Picture


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """An object that a method is bad at: where it starts, and where it is worst.

    Attributes
    ----------
    start, worst : Tile
    """

    start: Tile
    worst: Tile


def exhibits(outcome: StackOutcome, method: str, most: int) -> list[Exhibit]:
    """Draw the objects that a method is worst at, each on its worst frame.

    Parameters
    ----------
    outcome : StackOutcome
    method : str
    most : int
        Most objects.
    """
    limits = estimate_limits(outcome.truth.frames)
    return [
        Exhibit(
            _tile(outcome, method, start, limits), _tile(outcome, method, worst, limits)
        )
        for start, worst in worst_frames(outcome.score.of(method))[:most]
    ]


def worst_frames(score: MethodScore) -> list[tuple[FrameScore, FrameScore]]:
    """Return the first and the worst frame of every object, the worst object first.

    Frames on which the object is come before others.
    """
    pairs = []
    for one in score.objects:
        seen = [frame for frame in one.counted if frame.is_present] or one.counted
        worst = min(seen, key=lambda frame: (frame.j, frame.f, frame.frame))
        pairs.append((one.frames[0], worst))
    return sorted(pairs, key=lambda pair: (pair[1].j, pair[1].f, pair[1].object_id))


def _tile(
    outcome: StackOutcome, method: str, score: FrameScore, limits: IntensityLimits
) -> Tile:
    place = score.object_id, score.frame
    true, found = outcome.true.packed(*place), outcome.found[method].packed(*place)
    rgb = to_rgb(outcome.truth.frames[score.frame], limits)
    return Tile(score, draw_pair(rgb, true, found))


def draw_pair(rgb: Picture, true: PackedMask, found: PackedMask) -> Picture:
    """Draw a part of a frame with the outlines of a true and a found mask.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (H, W, 3)
    true, found : PackedMask

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        The larger side is 240 pixels.
    """
    part = view_around(true, found)
    picture = _enlarged(rgb[part])
    rows, columns = (
        np.arange(drawn) * (span.stop - span.start) // drawn
        for drawn, span in zip(picture.shape[:2], part, strict=True)
    )
    for mask, colour in ((true, TRUE_COLOUR), (found, FOUND_COLOUR)):
        inside = mask.mask[part][np.ix_(rows, columns)]
        picture[outline(inside, _WIDTH)] = colour
    return picture


def view_around(*masks: PackedMask) -> tuple[slice, slice]:
    """Return the (rows, columns) of a square around masks, as far as the frame goes."""
    shape = np.array(masks[0].shape_hw)
    boxes = [box for mask in masks if (box := mask.box_yxyx) is not None]
    corners = np.array(boxes or [(0, 0, *(shape - 1))])
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0) + 1
    side = max(_LEAST_VIEW, round(_CONTEXT * int((high - low).max())))
    sides = np.minimum(side, shape)
    start = np.clip((low + high - sides) // 2, 0, shape - sides)
    (top, left), (bottom, right) = start.tolist(), (start + sides).tolist()
    return slice(top, bottom), slice(left, right)


def _enlarged(part: Picture) -> Picture:
    from PIL import Image

    height, width = part.shape[:2]
    scale = _SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.array(Image.fromarray(part).resize(size, Image.Resampling.BICUBIC))
