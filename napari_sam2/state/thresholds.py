"""When a mask is doubtful: numbers that the user may change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewThresholds:
    """Limits beyond which a mask is worth a look; None switches a test off.

    Attributes
    ----------
    predicted_iou : float or None
        The model's own estimate of the overlap with the truth, 0 to 1: doubtful below.
    object_logit : float or None
        How sure the model is that it sees the object, above 0 if at all: doubtful where
        the number is closer to 0 than this, on either side.
    area_ratio : float or None
        Growth or shrinkage from one frame to the next: doubtful above this factor.
    centroid_jump : float or None
        Movement from one frame to the next, in diameters of the object: doubtful above.
    image_share : float or None
        Share of the image that the mask fills: doubtful above.
    overlap : float or None
        Share of the mask that lies in another object's: doubtful above.
    touching : float or None
        Share of the mask's outline that another object's touches: doubtful above.
    """

    predicted_iou: float | None = 0.6
    object_logit: float | None = 2.0
    area_ratio: float | None = 1.7
    centroid_jump: float | None = 1.0
    image_share: float | None = 0.7
    overlap: float | None = 0.05
    touching: float | None = 0.3
