"""Blocks of pixels as the masks of objects."""

from __future__ import annotations

import numpy as np

from napari_sam2.core.masks.packed import PackedResult
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.state import edits

BLOCK = slice(5, 15), slice(5, 15)


def found(bench, object_id, frame, rows, columns, *, iou=0.9):
    """Let a run have found a block of pixels."""
    if object_id not in bench.document.objects:
        bench.history.do(edits.add_object(bench.document, object_id))
    mask = np.zeros(bench.image.shape_hw, bool)
    mask[rows, columns] = True
    result = PackedResult(object_id, frame, pack_mask(mask), iou, 5.0, False)
    bench.history.do(edits.set_results(bench.document, [result]))


def area(bench, object_id, frame):
    return bench.document.masks.get((object_id, frame)).mask.area
