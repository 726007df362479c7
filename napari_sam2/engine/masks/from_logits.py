"""Mask logits on the model's grid to clean, non-overlapping masks in data pixels.

Objects are resized, compared and downloaded as crops, so that small objects in large
frames cost what they cover. The host therefore waits for a device twice a frame: where
masks have something says how large the crops are that come down after it. Only whole
masks could come at once.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_sam2.core.masks.soft import soft_mask
from napari_sam2.core.results import MaskResult, mask_result
from napari_sam2.engine.masks.cleanup import clean
from napari_sam2.engine.masks.overlaps import settle_overlaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_sam2.engine.options import TrackerOptions
    from napari_sam2.engine.views.view import Occupied, View


class Grids(NamedTuple):
    """What was found of all objects of a frame, on the model's mask grid.

    Attributes
    ----------
    logits : Tensor, shape (B, h, w)
    occupied : Occupied
        Where they are positive.
    views : sequence of View
        What each object was looked at in.
    """

    logits: Tensor
    occupied: Occupied
    views: Sequence[View]


class Crop(NamedTuple):
    """Logits of one object inside a rectangle of the frame."""

    y: int
    x: int
    logits: Tensor  # (h, w), float32


class Scores(NamedTuple):
    """What is said about one object besides its mask."""

    object_id: int
    predicted_iou: float
    object_logit: float
    is_prompted: bool


def to_results(
    found: Grids,
    scores: Sequence[Scores],
    frame: int,
    shape_hw: tuple[int, int],
    options: TrackerOptions,
) -> tuple[MaskResult, ...]:
    """Turn the logits of all objects of one frame into results.

    Parameters
    ----------
    found : Grids
    scores : sequence of Scores
        One per object.
    frame : int
    shape_hw : tuple of int
        Height and width of the frame in data pixels.
    options : TrackerOptions
        Areas to clean up and whether masks may overlap.
    """
    crops = crop_logits(found)
    if not options.allow_overlaps:
        settle_overlaps(crops)
    masks = positive([crop.logits for crop in crops])
    cells = found.logits.shape[-2] * found.logits.shape[-1]
    cleaned = [
        _cleaned(mask, options, view.height * view.width / cells)
        for mask, view in zip(masks, found.views, strict=True)
    ]
    results = _results(cleaned, crops, scores, frame, shape_hw)
    may_meet = len(masks) > 1 and not options.allow_overlaps
    if may_meet and any(map(_has_grown, masks, cleaned)):
        unfilled = [a & b for a, b in zip(masks, cleaned, strict=True)]
        solid = _results(unfilled, crops, scores, frame, shape_hw)
        results = _without_shared_fillings(results, solid)
    if options.keeps_probabilities:
        probable = probabilities([crop.logits for crop in crops])
        results = list(map(_softened, results, crops, probable))
    return tuple(results)


def probabilities(logits: list[Tensor]) -> list[npt.NDArray[np.float32]]:
    """Return on the host how probable logits, (h, w) each, are, in one transfer."""
    if not logits or logits[0].device.type == "cpu":
        return [one.sigmoid().numpy() for one in logits]
    flat = torch.cat([one.flatten() for one in logits]).sigmoid().cpu().numpy()
    return _parted(flat, [(one.shape[0], one.shape[1]) for one in logits])


def _softened(
    result: MaskResult, crop: Crop, probability: npt.NDArray[np.float32]
) -> MaskResult:
    """Say how probable an object is at each pixel of a crop."""
    mask = np.zeros(probability.shape, bool)
    inside = result.within(result.shape_hw, (-crop.y, -crop.x))
    mask[inside.slices] = result.crop
    return replace(result, soft=soft_mask(probability, mask, (crop.y, crop.x)))


def crop_logits(found: Grids) -> list[Crop]:
    """Resize each object's logits to data pixels, around its positive part only."""
    logits, taken, views = found
    parts = zip(logits, taken.rows, taken.columns, views, strict=True)
    return [_crop(*part) for part in parts]


def _crop(
    grid: Tensor,
    rows: npt.NDArray[np.bool_],
    columns: npt.NDArray[np.bool_],
    view: View,
) -> Crop:
    if not rows.any():
        return Crop(0, 0, grid.new_zeros(0, 0))
    y0, y1 = _span(rows, view.height)
    x0, x1 = _span(columns, view.width)
    tall = _resize(grid, 0, slice(y0, y1), view.height)  # (y1 - y0, w)
    wide = _resize(tall, 1, slice(x0, x1), view.width)
    return Crop(view.y + y0, view.x + x0, wide)


def _span(occupied: npt.NDArray[np.bool_], size: int) -> tuple[int, int]:
    """Return the data pixels that occupied grid cells can reach after resizing."""
    cells = np.flatnonzero(occupied)
    scale = size / len(occupied)
    start = math.floor((int(cells[0]) - 1) * scale)
    stop = math.ceil((int(cells[-1]) + 2) * scale)
    return max(0, start), min(size, stop)


def _resize(grid: Tensor, axis: int, part: slice, size: int) -> Tensor:
    """Resize rows (0) or columns (1) to ``size`` bilinearly, computing a part only."""
    lower, upper, share = _neighbours(grid.shape[axis], size, str(grid.device))
    below = grid.index_select(axis, lower[part])
    above = grid.index_select(axis, upper[part])
    return below.lerp_(above, share[part] if axis else share[part, None])


@lru_cache(maxsize=32)
def _neighbours(cells: int, size: int, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return between which cells each pixel lies, and how near to the second, (size,).

    They are the same for all objects of a stack.
    """
    with torch.inference_mode(False):
        pixels = torch.arange(size, device=device, dtype=torch.float32)
        source = ((pixels + 0.5) * (cells / size) - 0.5).clamp(0, cells - 1)
        lower = source.floor().long()
        return lower, (lower + 1).clamp(max=cells - 1), source - lower


def positive(logits: list[Tensor]) -> list[npt.NDArray[np.bool_]]:
    """Say on the host where logits, (h, w) each, are above 0.

    From other devices this comes as bits, and in one transfer.
    """
    if not logits or logits[0].device.type == "cpu":
        return [one.numpy() > 0 for one in logits]  # far quicker than PyTorch
    shapes = [(one.shape[0], one.shape[1]) for one in logits]
    return from_bits(as_bits(logits).cpu().numpy(), shapes)


def as_bits(logits: list[Tensor]) -> Tensor:
    """Pack where logits are above 0, all after each other, 8 to a byte, uint8 (N,)."""
    # Each by itself, for all logits once more are gigabytes where frames are large.
    flat = torch.cat([one.flatten() > 0 for one in logits])
    padded = F.pad(flat, (0, -len(flat) % 8)).view(-1, 8)
    return (padded * _bit_values(str(flat.device))).sum(dim=1, dtype=torch.uint8)


@lru_cache(maxsize=8)
def _bit_values(device: str) -> Tensor:
    with torch.inference_mode(False):
        # Here, for an Apple GPU need not have powers of bytes.
        return (2 ** torch.arange(7, -1, -1, dtype=torch.uint8)).to(device)


def from_bits(
    packed: npt.NDArray[np.uint8], shapes: Sequence[tuple[int, int]]
) -> list[npt.NDArray[np.bool_]]:
    """Undo :func:`as_bits`."""
    pixels = sum(height * width for height, width in shapes)
    return _parted(np.unpackbits(packed, count=pixels).astype(bool), shapes)


def _parted(
    flat: npt.NDArray[Any], shapes: Sequence[tuple[int, int]]
) -> list[npt.NDArray[Any]]:
    """Part numbers that lie one after the other into arrays, (h, w) each."""
    ends = np.cumsum([height * width for height, width in shapes])
    parts = np.split(flat, ends[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def _cleaned(
    mask: npt.NDArray[np.bool_], options: TrackerOptions, pixel_area: float
) -> npt.NDArray[np.bool_]:
    return clean(
        mask,
        hole_area=options.hole_area * pixel_area,
        island_area=options.island_area * pixel_area,
    )


def _results(
    masks: list[npt.NDArray[np.bool_]],
    crops: list[Crop],
    scores: Sequence[Scores],
    frame: int,
    shape_hw: tuple[int, int],
) -> list[MaskResult]:
    return [
        mask_result(
            mask,
            object_id=score.object_id,
            frame=frame,
            predicted_iou=score.predicted_iou,
            object_logit=score.object_logit,
            is_prompted=score.is_prompted,
        ).within(shape_hw, (crop.y, crop.x))
        for mask, crop, score in zip(masks, crops, scores, strict=True)
    ]


def _has_grown(before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_]) -> bool:
    """Whether a hole was filled."""
    return after is not before and bool((after > before).any())


def _without_shared_fillings(
    results: list[MaskResult], solid: list[MaskResult]
) -> list[MaskResult]:
    """Take back filled holes where another object lies in the hole.

    ``solid`` are the same objects before anything was filled, which do not overlap. Of
    two that fill the same hole the first has it.
    """
    for index, result in enumerate(results):
        if result.area > solid[index].area:
            for other in results[:index] + solid[index + 1 :]:
                results[index] = results[index].without(other)
    return results
