"""A simulated user and the model in turns: prompted, tracked and corrected answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_sam2.model.resize import upscale
from napari_sam2.training.answers import adopt, as_prior, respond
from napari_sam2.training.prompts import boxes, clicks, corrections

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.sam2 import Sam2Model
    from napari_sam2.training.answers import Answer, Bank
    from napari_sam2.training.prompts import Points
    from napari_sam2.training.scenes.dice import Dice


def points_for(dice: Dice, masks: Tensor, kind: str) -> Points:
    """Return a ``"click"`` or a ``"box"`` for every mask, bool (K, S, S)."""
    return (clicks if kind == "click" else boxes)(dice, masks)


def correction(dice: Dice, answer: Answer, masks: Tensor) -> Points:
    """Return one click per object where an answer is wrong."""
    found = upscale(answer.logits, masks.shape[-1]).squeeze(1) > 0
    return corrections(dice, found, masks)


def prompted(
    model: Sam2Model, dice: Dice, features: ImageFeatures, masks: Tensor, kind: str
) -> Answer:
    """Ask for K objects that nothing is remembered of.

    Parameters
    ----------
    model : Sam2Model
    dice : Dice
    features : ImageFeatures
        Of the objects' frames.
    masks : Tensor of bool, shape (K, S, S)
        The truth, from which prompts are made.
    kind : {"mask", "box", "click"}
    """
    if kind == "mask":
        return adopt(model, features, masks)
    prompts = model.embed_prompts(*points_for(dice, masks, kind))
    coarse = model.without_memory(features)
    return respond(model, coarse, features, prompts, ambiguous=kind == "click")


def tracked(
    model: Sam2Model, features: ImageFeatures, bank: Bank, frame: int
) -> Answer:
    """Find K objects on a frame by what is remembered of them alone."""
    coarse = model.attend_memory(features, bank.recall(frame))
    prompts = model.embed_no_prompts(len(coarse))
    return respond(model, coarse, features, prompts, ambiguous=True)


def corrected(
    model: Sam2Model,
    features: ImageFeatures,
    bank: Bank,
    frame: int,
    answer: Answer,
    points: Points,
    *,
    refines: bool = True,
) -> Answer:
    """Answer clicks on a tracked frame; memory, and the mask, go into the answer.

    ``refines`` is false for models that have not learnt to take masks.
    """
    coarse = model.attend_memory(features, bank.recall(frame))
    prior = as_prior(answer.logits) if refines else None
    prompts = model.embed_prompts(*points, prior)
    return respond(model, coarse, features, prompts, ambiguous=True)
