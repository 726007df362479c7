"""The stage of clips: a prompt, memory from frame to frame, and a correction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.model.resize import upscale
from napari_sam2.training.answers import (
    Bank,
    adopt,
    as_prior,
    normalised,
    of_objects,
    remember,
    respond,
    shares,
)
from napari_sam2.training.losses import judge, soft_iou
from napari_sam2.training.outcome import Outcome, nothing_learnt
from napari_sam2.training.prompts import ask, boxes, clicks, corrections
from napari_sam2.training.scenes.dice import Dice

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.sam2 import Sam2Model
    from napari_sam2.training.answers import Answer
    from napari_sam2.training.scenes import Clips

_OBJECTS = 4  # per clip; they share the encoder's passes
_KINDS = ("mask", "box", "click")
_KIND_SHARES = (0.45, 0.3, 0.25)
_CORRECTED = 0.3  # share of batches with a second prompted frame


def clip_step(model: Sam2Model, clips: Clips, seed: int, batch: int) -> Outcome:
    """Prompt objects on the first frame and follow them to the last."""
    dice = Dice(seed + 1, batch, clips.images.device)
    asked = ask(dice, clips.labels, _OBJECTS)
    frames = clips.images.shape[1]
    encoded = model.encode_image(normalised(clips.images.flatten(0, 1)))
    if not len(asked.clips):
        return nothing_learnt(encoded, len(clips.images) * frames)
    kind = _KINDS[dice.choice(_KIND_SHARES)]
    second = _second_prompt(dice, frames)
    bank = Bank(model, frames)
    losses, overlaps, said = [], [], []
    for frame in range(frames):
        features = of_objects(encoded, asked.clips * frames + frame)
        masks = asked.masks[:, frame]
        truth = shares(masks)
        if frame == 0:
            answer, ambiguous = _first(model, dice, features, masks, kind)
        else:
            answer, ambiguous = _next(model, features, bank, frame)
        if answer.candidates is not None:
            losses.append(judge(answer.candidates, truth, ambiguous=ambiguous).loss)
        if frame:
            overlaps.append(soft_iou(answer.logits > 0, truth)[:, 0])
            said.append((answer.object_logits[:, 0] > 0) == masks.any(-1).any(-1))
        if frame == second:
            answer = _corrected(model, dice, features, bank, frame, answer, masks)
            assert answer.candidates is not None
            losses.append(judge(answer.candidates, truth, ambiguous=True).loss)
        if frame < frames - 1:
            is_prompted = frame in (0, second)
            memory = remember(model, features, answer, is_prompted=is_prompted)
            bank.put(frame, memory, is_prompted=is_prompted)
    figures = {
        f"{kind}_tracked_j": torch.stack(overlaps).mean(),
        "presence": torch.stack(said).float().mean(),
        "absent": (~asked.masks[:, 1:].flatten(2).any(-1)).float().mean(),
    }
    return Outcome(torch.stack(losses).mean(), clips.images.shape[0] * frames, figures)


def _second_prompt(dice: Dice, frames: int) -> int:
    """Return the frame that is corrected, or -1; never the last."""
    if frames < 3 or dice.fraction() > _CORRECTED:
        return -1
    return 1 + int(dice.fraction() * (frames - 2))


def _first(
    model: Sam2Model, dice: Dice, features: ImageFeatures, masks: Tensor, kind: str
) -> tuple[Answer, bool]:
    if kind == "mask":
        return adopt(model, features, masks), False
    points = (clicks if kind == "click" else boxes)(dice, masks)
    ambiguous = kind == "click"
    coarse = model.without_memory(features)
    prompts = model.embed_prompts(*points)
    return respond(model, coarse, features, prompts, ambiguous=ambiguous), ambiguous


def _next(
    model: Sam2Model, features: ImageFeatures, bank: Bank, frame: int
) -> tuple[Answer, bool]:
    coarse = model.attend_memory(features, bank.recall(frame))
    prompts = model.embed_no_prompts(len(coarse))
    return respond(model, coarse, features, prompts, ambiguous=True), True


def _corrected(
    model: Sam2Model,
    dice: Dice,
    features: ImageFeatures,
    bank: Bank,
    frame: int,
    answer: Answer,
    masks: Tensor,
) -> Answer:
    """Click once where a tracked mask is wrong; memory and mask go into the answer."""
    found = upscale(answer.logits, masks.shape[-1]).squeeze(1) > 0
    points = corrections(dice, found, masks)
    coarse = model.attend_memory(features, bank.recall(frame))
    prompts = model.embed_prompts(*points, as_prior(answer.logits))
    return respond(model, coarse, features, prompts, ambiguous=True)
