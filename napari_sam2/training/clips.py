"""The stage of clips: a prompt, memory from frame to frame, and a correction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_sam2.training.answers import (
    Bank,
    normalised,
    of_objects,
    remember,
    shares,
)
from napari_sam2.training.asking import corrected, correction, prompted, tracked
from napari_sam2.training.losses import judge, soft_iou
from napari_sam2.training.outcome import Outcome, nothing_learnt
from napari_sam2.training.prompts import ask
from napari_sam2.training.scenes.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from napari_sam2.model.image_encoder import ImageFeatures
    from napari_sam2.model.sam2 import Sam2Model
    from napari_sam2.training.answers import Answer
    from napari_sam2.training.prompts import Asked
    from napari_sam2.training.scenes import Clips

_OBJECTS = 4  # per clip; they share the encoder's passes
_KINDS = ("mask", "box", "click")
_KIND_SHARES = (0.45, 0.3, 0.25)
_CORRECTED = 0.3  # share of batches with a second prompted frame
_LONG_AGO = 0.5  # share of batches whose prompt is as old as on a long stack
_LONGEST_AGO = 60  # frames


def clip_step(model: Sam2Model, clips: Clips, seed: int, batch: int) -> Outcome:
    """Prompt objects on the first frame and follow them to the last."""
    dice = Dice(seed + 1, batch, clips.images.device)
    asked = ask(dice, clips.labels, _OBJECTS)
    images = clips.images.flatten(0, 1)
    encoded = model.encode_image(normalised(images))
    if not len(asked.clips):
        return nothing_learnt(encoded, len(images))
    return _follow(model, dice, asked, encoded, clips.images.shape[1])


def _follow(
    model: Sam2Model, dice: Dice, asked: Asked, encoded: ImageFeatures, frames: int
) -> Outcome:
    """Follow what was asked for through the frames of all clips."""
    kind = _KINDS[dice.choice(_KIND_SHARES)]
    second, origin = _second_prompt(dice, frames), draw_origin(dice.fraction)
    bank, tally = Bank(model, frames), _Tally()
    for frame in range(frames):
        features = of_objects(encoded, asked.clips * frames + frame)
        masks = asked.masks[:, frame]
        if frame == 0:
            answer = prompted(model, dice, features, masks, kind)
        else:
            answer = tracked(model, features, bank, frame)
            tally.compare(answer, masks)
        tally.judge(answer, masks, ambiguous=frame > 0 or kind == "click")
        if frame == second:
            points = correction(dice, answer, masks)
            answer = corrected(model, features, bank, frame, answer, points)
            tally.judge(answer, masks, ambiguous=True)
        if frame < frames - 1:
            is_prompted = frame in (0, second)
            memory = remember(model, features, answer, is_prompted=is_prompted)
            bank.put(frame or origin, memory, is_prompted=is_prompted)
    return tally.outcome(kind, len(encoded.coarse))


class _Tally:
    """Losses and figures of a clip, gathered frame by frame."""

    def __init__(self) -> None:
        self._losses: list[Tensor] = []
        self._overlaps: list[Tensor] = []
        self._said: list[Tensor] = []
        self._absent: list[Tensor] = []

    def judge(self, answer: Answer, masks: Tensor, *, ambiguous: bool) -> None:
        """Add the loss of an answer, unless it was given."""
        if answer.candidates is not None:
            judged = judge(answer.candidates, shares(masks), ambiguous=ambiguous)
            self._losses.append(judged.loss)

    def compare(self, answer: Answer, masks: Tensor) -> None:
        """Note how good a tracked answer is, and whether absence was noticed."""
        there = masks.flatten(1).any(dim=1)
        self._overlaps.append(soft_iou(answer.logits > 0, shares(masks))[:, 0])
        self._said.append((answer.object_logits[:, 0] > 0) == there)
        self._absent.append(~there)

    def outcome(self, kind: str, images: int) -> Outcome:
        """Return the mean loss, and the figures under the first prompt's kind."""
        figures = {
            f"{kind}_tracked_j": torch.stack(self._overlaps).mean(),
            "presence": torch.stack(self._said).float().mean(),
            "absent": torch.stack(self._absent).float().mean(),
        }
        return Outcome(torch.stack(self._losses).mean(), images, figures)


def _second_prompt(dice: Dice, frames: int) -> int:
    """Return the frame that is corrected, or -1; never the last."""
    if frames < 3 or dice.fraction() > _CORRECTED:
        return -1
    return 1 + int(dice.fraction() * (frames - 2))


def draw_origin(draw: Callable[[], float]) -> int:
    """Return the number that the first frame is remembered by: 0, or long before.

    Clips are short, but a prompt must be trusted after many frames, too.

    Parameters
    ----------
    draw : callable
        Returns numbers spread evenly from 0 to 1.
    """
    ago = round(_LONGEST_AGO * draw())
    return -ago if draw() < _LONG_AGO else 0
