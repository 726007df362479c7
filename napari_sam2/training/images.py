"""The stage of single pictures: clicks, boxes, and corrections of what they gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.model.mask_decoder import choose
from napari_sam2.training.answers import (
    as_prior,
    normalised,
    of_objects,
    respond,
    shares,
)
from napari_sam2.training.asking import correction, points_for
from napari_sam2.training.losses import judge
from napari_sam2.training.outcome import Outcome, nothing_learnt
from napari_sam2.training.prompts import Asked, ask
from napari_sam2.training.scenes.dice import Dice

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.sam2 import Sam2Model
    from napari_sam2.training.answers import Answer
    from napari_sam2.training.prompts import Points
    from napari_sam2.training.scenes import Clips

_PROMPTS = 8  # objects per picture; they share one pass of the encoder


def image_step(
    model: Sam2Model, clips: Clips, seed: int, batch: int, *, balance: float = 0.05
) -> Outcome:
    """Prompt objects on single pictures, half by clicks and half by boxes.

    Every answer is corrected once by a click where it is wrong. ``balance`` is that of
    :func:`~napari_sam2.training.losses.judge`.
    """
    dice = Dice(seed + 1, batch, clips.images.device)
    asked = ask(dice, clips.labels[:, :1], _PROMPTS)
    features = model.encode_image(normalised(clips.images[:, 0]))
    if not len(asked.clips):
        return nothing_learnt(features, len(clips.images))
    losses: list[Tensor] = []
    figures: dict[str, Tensor] = {}
    for kind, first in (("click", 0), ("box", 1)):
        part = Asked(asked.clips[first::2], asked.masks[first::2])
        if len(part.clips):
            loss, more = _prompted(model, dice, features, part, kind, balance)
            losses.append(loss)
            figures |= more
    return Outcome(torch.stack(losses).mean(), len(clips.images), figures)


def _prompted(
    model: Sam2Model,
    dice: Dice,
    features: ImageFeatures,
    asked: Asked,
    kind: str,
    balance: float,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return loss and figures of objects that are asked for in one way."""
    masks = asked.masks[:, 0]
    points = points_for(dice, masks, kind)
    own = of_objects(features, asked.clips)
    first, second = _twice(model, dice, own, points, masks)
    losses, figures = [], {}
    for name, answer, ambiguous in (
        (kind, first, kind == "click"),
        (f"{kind}_corrected", second, False),
    ):
        assert answer.candidates is not None
        judged = judge(
            answer.candidates, shares(masks), ambiguous=ambiguous, balance=balance
        )
        losses.append(judged.loss)
        figures[f"{name}_j"] = _chosen(answer, judged.ious, ambiguous).mean()
        if ambiguous:
            figures["best_j"] = judged.ious[:, 1:].amax(dim=1).mean()
    return torch.stack(losses).mean(), figures


def _twice(
    model: Sam2Model,
    dice: Dice,
    features: ImageFeatures,
    points: Points,
    masks: Tensor,
) -> tuple[Answer, Answer]:
    """Answer points, then points with one more where the first answer was wrong."""
    coarse = model.without_memory(features)
    ambiguous = points.labels.shape[1] == 1
    prompts = model.embed_prompts(*points)
    first = respond(model, coarse, features, prompts, ambiguous=ambiguous)
    more = points.and_then(correction(dice, first, masks))
    prompts = model.embed_prompts(*more, as_prior(first.logits))
    second = respond(model, coarse, features, prompts, ambiguous=False)
    return first, second


def _chosen(answer: Answer, ious: Tensor, ambiguous: bool) -> Tensor:
    """Return the true overlap of the mask that the model takes, (K,)."""
    assert answer.candidates is not None
    chosen = choose(answer.candidates, ambiguous=ambiguous).ious
    index = (answer.candidates.ious == chosen[:, None]).float().argmax(dim=1)
    return ious.gather(1, index[:, None])[:, 0]
