"""A document and its history, and short ways to fill them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sam2.core.masks.packed import PackedResult
from napari_sam2.core.masks.packing import pack_mask
from napari_sam2.core.prompts import FramePrompts
from napari_sam2.state import Document, History, edits

SHAPE_HW = (20, 30)


@pytest.fixture
def document() -> Document:
    """Return a document of 6 frames with the objects 1 and 2."""
    document = Document(frame_count=6, shape_hw=SHAPE_HW)
    document.apply(edits.add_object(document, 1, "cell"))
    document.apply(edits.add_object(document, 2))
    return document


@pytest.fixture
def history(document: Document) -> History:
    return History(document)


def click(y: float, x: float, positive: bool = True) -> FramePrompts:
    return FramePrompts(points_yx=((y, x),), positive=(positive,))


def square(y: int, x: int, side: int = 4) -> np.ndarray:
    mask = np.zeros(SHAPE_HW, bool)
    mask[y : y + side, x : x + side] = True
    return mask


def found(
    object_id: int, frame: int, mask: np.ndarray, *, iou: float = 0.9, logit=5.0
) -> PackedResult:
    """Return what a run finds."""
    return PackedResult(object_id, frame, pack_mask(mask), iou, logit, False)


def track(document: Document, *results: PackedResult) -> None:
    document.apply(edits.set_results(document, results))
