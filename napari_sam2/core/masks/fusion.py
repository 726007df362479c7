"""Masks of one volume from several orientations, fused voxel by voxel.

Every orientation votes on every voxel, with the probability that it gives the object
there, and that the object is in that slice at all. Its vote weighs as much as it agrees
with the first orientation on the frames that the user prompted: there is known best
what the object is, and an orientation in which it ran out into its surroundings is
found out. A voxel belongs to the object where more than half of the weight is for it.

Objects are put together inside their bounding boxes, and no more of them at a time than
fit into bounded memory.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_sam2.core.geometry import mask_iou
from napari_sam2.core.masks.orientation import Oriented, cut
from napari_sam2.core.masks.soft import CERTAIN, SoftMask
from napari_sam2.core.masks.survey import Part, Score, Survey, grouped, parts_of, survey
from napari_sam2.core.results import FrameResult, MaskResult, mask_result

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt

_BLOCK_BYTES = 1 << 27
# Three sums in single precision, besides the masks.
_BYTES_OF_SUMS = 12
_SUREST_LOGIT = 10.0


def fuse(
    views: Sequence[Oriented],
    shape: tuple[int, int, int],
    prompted: Collection[tuple[int, int]],
    *,
    settled: Collection[tuple[int, int]] = (),
    block_bytes: int = _BLOCK_BYTES,
) -> Iterator[FrameResult]:
    """Fuse what was found along several axes of a volume.

    Parameters
    ----------
    views : sequence of Oriented
        The first one has the axes of the volume, (frames, rows, columns). Objects get a
        result on the frames on which it has one.
    shape : tuple of int
        Of the volume.
    prompted : collection of (int, int)
        Objects and frames of the first orientation that the user prompted.
    settled : collection of (int, int), optional
        Those of them whose masks are as they must be.
    block_bytes : int, optional
        Memory for masks that are put together at a time.

    Yields
    ------
    FrameResult
        One object on a frame; a frame comes for each of its objects.
    """
    surveys = [survey(view) for view in views]
    weights = agreement(views, shape, prompted)
    most_voxels = block_bytes // (len(views) + _BYTES_OF_SUMS)
    parts = list(parts_of(surveys, most_voxels))
    yield from _outside(surveys[0], parts, shape)
    for group in grouped(parts, most_voxels):
        blocks = [np.zeros((len(views), *part.shape), np.uint8) for part in group]
        for number, view in enumerate(views):
            _draw(view, [block[number] for block in blocks], group)
        for part, block in zip(group, blocks, strict=True):
            votes = _Votes(part, block, surveys, weights[part.object_id])
            for frame in surveys[0].scores[part.object_id].keys() & set(part.frames):
                is_settled = (part.object_id, frame) in settled
                yield votes.result(frame, shape, is_settled=is_settled)


def agreement(
    views: Sequence[Oriented],
    shape: tuple[int, int, int],
    prompted: Collection[tuple[int, int]],
) -> Mapping[int, tuple[float, ...]]:
    """Return how much orientations agree with the first where objects are prompted.

    Parameters
    ----------
    views, shape, prompted
        As for :func:`fuse`.

    Returns
    -------
    mapping of int to tuple of float
        By object, for each orientation the mean IoU on the prompted frames that the
        first one sees it on. The first has 1; where it sees the object on none, all
        have.
    """
    planes = [cut(view, shape, 0, prompted) for view in views]
    ious: dict[int, list[tuple[float, ...]]] = {i: [] for i, _ in prompted}
    for place in prompted:
        first = planes[0][place]
        if first.any():
            ious[place[0]].append(tuple(mask_iou(one[place], first) for one in planes))
    return {
        object_id: tuple(np.mean(rows, axis=0)) if rows else (1.0,) * len(views)
        for object_id, rows in ious.items()
    }


def _outside(
    first: Survey, parts: Iterable[Part], shape: tuple[int, int, int]
) -> Iterator[FrameResult]:
    """Yield the frames of objects on which no orientation sees them."""
    covered: dict[int, set[int]] = {}
    for part in parts:
        covered.setdefault(part.object_id, set()).update(part.frames)
    nothing = np.zeros(shape[1:], bool)
    for object_id, scores in first.scores.items():
        for frame in scores.keys() - covered.get(object_id, set()):
            absent = _result(object_id, frame, nothing, scores[frame], share=0.0)
            yield FrameResult(frame, (absent,))


def _draw(
    view: Oriented, blocks: Sequence[npt.NDArray[np.uint8]], parts: Sequence[Part]
) -> None:
    """Draw what an orientation sees into parts of the volume."""
    wanted: dict[int, list[tuple[Part, npt.NDArray[np.uint8]]]] = {}
    for part, block in zip(parts, blocks, strict=True):
        wanted.setdefault(part.object_id, []).append((part, block))
    for result in view.read():
        for one in result:
            for part, block in wanted.get(one.object_id, ()):
                _draw_one(one, part.box[:, list(view.dims)], block.transpose(view.dims))


def _draw_one(
    one: MaskResult, box: npt.NDArray[np.int_], block: npt.NDArray[np.uint8]
) -> None:
    """Draw one object; ``box`` and ``block`` are in the axes of its orientation."""
    (frame, y, x), (end, bottom, right) = box.tolist()
    soft = one.soft or SoftMask(one.origin_yx, one.crop * np.uint8(CERTAIN))
    (first, leftmost), (height, width) = soft.origin_yx, soft.levels.shape
    top, low = max(y, first), min(bottom, first + height)
    left, far = max(x, leftmost), min(right, leftmost + width)
    if not frame <= one.frame < end or top >= low or left >= far:
        return
    seen = soft.levels[top - first : low - first, left - leftmost : far - leftmost]
    block[one.frame - frame, top - y : low - y, left - x : far - x] = seen


class _Votes:
    """The votes on a part of the volume.

    Parameters
    ----------
    part : Part
    block : ndarray of uint8, shape (orientations, frames, rows, columns)
        How certainly each orientation sees the object.
    surveys : sequence of Survey
    weights : sequence of float
        Of each orientation.
    """

    def __init__(
        self,
        part: Part,
        block: npt.NDArray[np.uint8],
        surveys: Sequence[Survey],
        weights: Sequence[float],
    ) -> None:
        self._part, self._first = part, block[0] > CERTAIN // 2
        self._scores = surveys[0].scores[part.object_id]
        self._support, self._total, self._quality = np.zeros(
            (3, *part.shape), np.float32
        )
        for levels, one, weight in zip(block, surveys, weights, strict=True):
            votes = np.float32(weight / CERTAIN) * levels
            self._total += weight * one.along(part, lambda _: 1.0)
            self._support += votes * one.along(part, lambda score: score.presence)
            self._quality += votes * one.along(part, lambda score: score.predicted_iou)

    def result(
        self, frame: int, shape: tuple[int, int, int], *, is_settled: bool
    ) -> FrameResult:
        """Return the object on a frame."""
        index, score = frame - self._part.frames.start, self._scores[frame]
        support, total = self._support[index], self._total[index]
        mask = self._first[index] if is_settled else 2 * support > total
        share = np.divide(support, total, out=np.zeros_like(total), where=total > 0)
        if mask.any() and not is_settled:
            quality = float((self._quality[index][mask] / total[mask]).mean())
            score = score._replace(predicted_iou=quality)
        mean = float(share[mask].mean() if mask.any() else share.max())
        one = _result(self._part.object_id, frame, mask, score, share=mean)
        y, x = self._part.box[0, 1:].tolist()
        return FrameResult(frame, (one.within(shape[1:], (y, x)),))


def _result(
    object_id: int,
    frame: int,
    mask: npt.NDArray[np.bool_],
    score: Score,
    *,
    share: float,
) -> MaskResult:
    """Return an object on a frame, as sure as its share of the votes."""
    odds = min(max(share, 1e-9), 1 - 1e-9)
    logit = math.log(odds / (1 - odds))
    return mask_result(
        mask,
        object_id=object_id,
        frame=frame,
        predicted_iou=score.predicted_iou,
        object_logit=max(-_SUREST_LOGIT, min(_SUREST_LOGIT, logit)),
        is_prompted=score.is_prompted,
    )
