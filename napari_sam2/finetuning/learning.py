"""What one lesson teaches: prompt, follow, correct, and compare with what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.model.mask_decoder import Candidates
from napari_sam2.training.answers import Bank, as_prior, remember, respond, shares
from napari_sam2.training.asking import (
    corrected,
    correction,
    points_for,
    prompted,
    tracked,
)
from napari_sam2.training.losses import judge

if TYPE_CHECKING:
    from torch import Tensor

    from napari_sam2.finetuning.lessons import Lesson
    from napari_sam2.finetuning.showing import Shown
    from napari_sam2.model.sam2 import Sam2Model
    from napari_sam2.training.answers import Answer
    from napari_sam2.training.scenes.dice import Dice


# Where two objects lie in one box, much of it teaches to find neither.
_FOCAL = 2.0


def loss_of(model: Sam2Model, lesson: Lesson, shown: Shown, dice: Dice) -> Tensor:
    """Return the mean loss of a lesson over its answers."""
    if len(lesson.frames) == 1:
        return _picture(model, lesson, shown, dice)
    return _clip(model, lesson, shown, dice)


def _picture(model: Sam2Model, lesson: Lesson, shown: Shown, dice: Dice) -> Tensor:
    """Ask on one frame, and correct the answer once."""
    [features], masks = shown.features, shown.masks[:, 0]
    is_click = lesson.kind == "click"
    points = points_for(dice, masks, lesson.kind)
    coarse = model.without_memory(features)
    prompts = model.embed_prompts(*points)
    answer = respond(model, coarse, features, prompts, ambiguous=is_click)
    losses = [_judged(answer, masks, shown.known[:, 0], ambiguous=is_click)]
    if lesson.corrected == 0:
        more = points.and_then(correction(dice, answer, masks))
        prompts = model.embed_prompts(*more, _prior(model, answer))
        answer = respond(model, coarse, features, prompts, ambiguous=False)
        losses.append(_judged(answer, masks, shown.known[:, 0], ambiguous=False))
    return torch.stack(losses).mean()


def _clip(model: Sam2Model, lesson: Lesson, shown: Shown, dice: Dice) -> Tensor:
    """Ask on the first frame, and follow to the last."""
    bank = Bank(model, max(shown.length, len(lesson.frames)))
    losses: list[Tensor] = []
    last = len(lesson.frames) - 1
    for index, features in enumerate(shown.features):
        masks, known = shown.masks[:, index], shown.known[:, index]
        if index == 0:
            answer = prompted(model, dice, features, masks, lesson.kind)
        else:
            answer = tracked(model, features, bank, index)
        if answer.candidates is not None and known.any():
            ambiguous = index > 0 or lesson.kind == "click"
            losses.append(_judged(answer, masks, known, ambiguous=ambiguous))
        if index == lesson.corrected and known.all():
            points = correction(dice, answer, masks)
            refines = model.config.refines_masks
            answer = corrected(
                model, features, bank, index, answer, points, refines=refines
            )
            losses.append(_judged(answer, masks, known, ambiguous=True))
        if index < last:
            is_prompted = index in (0, lesson.corrected)
            memory = remember(model, features, answer, is_prompted=is_prompted)
            bank.put(index or lesson.origin, memory, is_prompted=is_prompted)
    return torch.stack(losses).mean()


def _prior(model: Sam2Model, answer: Answer) -> Tensor | None:
    """Return the mask that prompts refine, for models that know how to."""
    return as_prior(answer.logits) if model.config.refines_masks else None


def _judged(answer: Answer, masks: Tensor, known: Tensor, *, ambiguous: bool) -> Tensor:
    """Return the loss over the objects whose place is known."""
    assert answer.candidates is not None
    rows = known.nonzero()[:, 0].to(masks.device)
    candidates = Candidates(*(part[rows] for part in answer.candidates))
    truth = shares(masks[rows])
    return judge(candidates, truth, ambiguous=ambiguous, focal=_FOCAL).loss
