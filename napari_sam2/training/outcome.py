"""What one training step tells: a loss, and numbers to log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.model.image_encoder import ImageFeatures


class Outcome(NamedTuple):
    """Of one batch.

    Attributes
    ----------
    loss : Tensor, shape ()
    images : int
        Pictures encoded.
    figures : dict of str to Tensor
        Means of this batch, such as ``click_j``; scalars on the training device.
    """

    loss: Tensor
    images: int
    figures: dict[str, Tensor]


def nothing_learnt(features: ImageFeatures, images: int) -> Outcome:
    """Return the outcome of a batch that shows no object to ask for."""
    return Outcome(0.0 * features.coarse.sum(), images, {})
