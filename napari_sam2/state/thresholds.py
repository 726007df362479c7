"""When a mask is doubtful: numbers that the user may change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewThresholds:
    """Limits beyond which a mask is worth a look; None switches a test off.

    The defaults are those that find most bad masks of the bundled model for the fewest
    good ones, on the samples and on other stacks: see ``tests/benchmarks``.

    Attributes
    ----------
    predicted_iou : float or None
        The model's own estimate of the overlap with the truth, 0 to 1: doubtful below.
    object_logit : float or None
        How sure the model is that it sees the object, above 0 if at all: doubtful where
        the number is closer to 0 than this, on either side.
    area_ratio : float or None
        Growth or shrinkage from one frame to the next: doubtful above this factor. With
        None, a mask that falls into two pieces, or is not there, is not doubted either.
    centroid_jump : float or None
        Movement from one frame to the next, in diameters of the object: doubtful above.
    image_share : float or None
        Share of the image that the mask fills: doubtful above.
    overlap : float or None
        Share of the mask that lies in another object's: doubtful above.
    touching : float or None
        Share of the mask's outline that another object's touches: doubtful above.
    """

    predicted_iou: float | None = 0.45
    object_logit: float | None = 1.0
    area_ratio: float | None = 1.3
    centroid_jump: float | None = 0.3
    image_share: float | None = 0.7
    overlap: float | None = 0.05
    touching: float | None = 0.3
