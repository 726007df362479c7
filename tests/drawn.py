"""What a document shows, as a label image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sam2.state import Document
from napari_sam2.state.masks import draw_labels


def drawn(document: Document, frame: int) -> npt.NDArray[Any]:
    """Draw a frame's masks as they are seen, (H, W), 0 where there is no object."""
    labels = np.zeros(document.shape_hw, document.label_dtype)
    return draw_labels(labels, document.masks.on_frame(frame))
