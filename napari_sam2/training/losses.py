"""What the decoder is taught: masks, their scores, which to choose, and absence.

Focal and dice loss, the IoU head and the best of three as in Kirillov et al. 2023; the
object score as in Ravi et al. 2024. The ranking loss is an addition: with one click the
choice among three masks costs more than the masks themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.model.mask_decoder import Candidates

_RANKING = 0.5
_MARGIN = 0.05


class Judged(NamedTuple):
    """The loss of K answers, and how good the masks were.

    Attributes
    ----------
    loss : Tensor, shape ()
    ious : Tensor, shape (K, 4)
        True overlap of every candidate.
    """

    loss: Tensor
    ious: Tensor


def judge(
    candidates: Candidates,
    truth: Tensor,
    *,
    ambiguous: bool,
    balance: float = 0.05,
    focal: float = 20.0,
) -> Judged:
    """Compare all candidates with the truth.

    Parameters
    ----------
    candidates : Candidates
        Of K objects.
    truth : Tensor, shape (K, S/4, S/4)
        Share of each cell that the object covers; all 0 where it is absent.
    ambiguous : bool
        Teach the three masks for ambiguous prompts, else the first one.
    balance : float, optional
        Weight of the class-balanced loss. A model that knows nothing yet needs much of
        it, else it learns first that empty masks are nearly right, and stays there; a
        model that knows its task draws tighter outlines with little of it.
    focal : float, optional
        Weight of the focal loss.
    """
    logits = candidates.logits.float()
    present = truth.flatten(1).any(dim=1)  # (K,)
    wanted = truth[:, None].expand_as(logits)
    masks = mask_loss(logits, wanted, balance, focal)  # (K, 4)
    ious = soft_iou(logits > 0, truth)
    score = (candidates.ious.float() - ious).abs()
    if ambiguous:
        # a little of the others keeps all three alive
        best = 0.95 * masks[:, 1:].amin(dim=1) + 0.05 * masks[:, 1:].mean(dim=1)
        each = best + score[:, 1:].mean(dim=1)
        each = each + _RANKING * ranking(candidates.ious.float()[:, 1:], ious[:, 1:])
    else:
        each = masks[:, 0] + score[:, 0]
    shown = (each * present).sum() / present.sum().clamp(min=1)
    return Judged(shown + presence(candidates.object_logits.float(), present), ious)


def mask_loss(
    logits: Tensor, truth: Tensor, balance: float = 0.05, focal: float = 20.0
) -> Tensor:
    """Return focal, dice and class-balanced loss of masks, (..., h, w) to (...).

    The balanced part weighs inside and outside alike, so that small objects count.
    """
    cross = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    found = logits.sigmoid()
    miss = found + truth - 2 * found * truth  # 1 - p of the right class
    hard = ((0.25 * truth + 0.75 * (1 - truth)) * miss**2 * cross).mean((-2, -1))
    overlap, total = (found * truth).sum((-2, -1)), (found + truth).sum((-2, -1))
    dice = 1 - (2 * overlap + 1) / (total + 1)
    inside = (cross * truth).sum((-2, -1)) / (truth.sum((-2, -1)) + 1)
    outside = (cross * (1 - truth)).sum((-2, -1)) / ((1 - truth).sum((-2, -1)) + 1)
    return focal * hard + dice + balance * (inside + outside)


def soft_iou(found: Tensor, truth: Tensor) -> Tensor:
    """Return the overlap of masks (K, M, h, w) with shares (K, h, w), (K, M)."""
    found = found.to(truth.dtype)
    both = (found * truth[:, None]).sum((-2, -1))
    either = found.sum((-2, -1)) + truth.sum((-2, -1))[:, None] - both
    return torch.where(either > 0, both / either.clamp(min=1e-6), 1.0)


def ranking(scores: Tensor, ious: Tensor) -> Tensor:
    """Return how far scores are from ordering masks as their overlaps do, (K,).

    For every pair the better mask's score must lead by as much as its overlap does, at
    most by a margin of 0.05.
    """
    lead = (ious[:, :, None] - ious[:, None]).clamp(0, _MARGIN)
    behind = (lead - (scores[:, :, None] - scores[:, None])).clamp(min=0)
    return (behind * (lead > 0.01)).sum((-2, -1)) / _MARGIN / 3


def presence(object_logits: Tensor, present: Tensor) -> Tensor:
    """Return the loss of the object score, (K, 1) against bool (K,).

    Absence weighs no more than presence, though it is rarer: a model that doubts then
    shows a mask, which a user sees and corrects, instead of losing the object.
    """
    return F.binary_cross_entropy_with_logits(
        object_logits[:, 0], present.to(object_logits.dtype)
    )
