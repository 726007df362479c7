"""Results as label images show them, without a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sam2.core.results import MaskResult, mask_result


def results_from_labels(labels: npt.NDArray[Any], frame: int) -> tuple[MaskResult, ...]:
    """Return the objects of a label image, (H, W), as results without confidence."""
    return tuple(
        mask_result(
            labels == object_id,
            object_id=object_id,
            frame=frame,
            predicted_iou=float("nan"),
            object_logit=float("nan"),
        )
        for object_id in sorted({*np.unique(labels).tolist()} - {0})
    )
