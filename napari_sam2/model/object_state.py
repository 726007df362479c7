"""What a frame says about objects, and the logits that stand for certainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

ABSENT_LOGIT = -1024.0
# A mask given by the user stands for very confident logits (+10 inside, -10 outside),
# and memories are encoded from probabilities on the same scale (Ravi et al. 2024, D.1).
MASK_SCALE, MASK_BIAS = 20.0, -10.0


class ObjectState(NamedTuple):
    """What one frame says about B objects.

    Attributes
    ----------
    logits : Tensor, shape (B, 1, S/4, S/4)
        Mask logits, -1024 everywhere where the object is absent.
    ious : Tensor, shape (B,)
        The model's estimate of the mask's IoU.
    pointers : Tensor, shape (B, C)
        Object pointers: the object's summary for later frames.
    object_logits : Tensor, shape (B, 1)
        Above 0 where the object is visible at all.
    """

    logits: Tensor
    ious: Tensor
    pointers: Tensor
    object_logits: Tensor
