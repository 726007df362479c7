"""The stages by name, and the sizes of their batches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from napari_sam2.training.clips import clip_step
from napari_sam2.training.dense import DenseStep
from napari_sam2.training.images import image_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.sam2 import Sam2Model
    from napari_sam2.training.loop import Shape, Step
    from napari_sam2.training.outcome import Outcome
    from napari_sam2.training.scenes import Clips

_NOTHING_KNOWN = 0.3  # weight of the balanced loss when prompts are new
_PICTURES_EVERY = 3  # batches of the stage of clips


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the curriculum.

    Attributes
    ----------
    step : callable
        Makes, for a model's config, what computes the loss of a batch.
    shape : callable
        Frames per step and longest clip to the sizes of batches over time.
    peak_rate : float
        Highest learning rate.
    summary : str
        For the help.
    """

    step: Callable[[Sam2Config], Step]
    shape: Callable[[int, int], Shape]
    peak_rate: float
    summary: str


def _single(frames: int, longest: int) -> Shape:
    """Return batches of single pictures."""
    return lambda progress, batch: (frames, 1)


def _growing(frames: int, longest: int) -> Shape:
    """Return batches of clips that grow from two frames to the longest.

    Every third batch is of single pictures: with half a prompt's mask wrong, there is
    nothing to follow.
    """

    def shape(progress: float, batch: int) -> tuple[int, int]:
        if batch % _PICTURES_EVERY == 0:
            return frames, 1
        length = round(2 + (longest - 2) * min(1.0, progress / 0.8))
        return max(1, frames // length), length

    return shape


def _joint_step(model: Sam2Model, clips: Clips, seed: int, batch: int) -> Outcome:
    """Learn from clips, and from single pictures where clips have one frame."""
    step = clip_step if clips.labels.shape[1] > 1 else image_step
    return step(model, clips, seed, batch)


STAGES: dict[str, Stage] = {
    "dense": Stage(DenseStep, _single, 1e-3, "the encoder alone, from every pixel"),
    "images": Stage(
        lambda config: partial(image_step, balance=_NOTHING_KNOWN),
        _single,
        5e-4,
        "prompts on single pictures",
    ),
    "clips": Stage(
        lambda config: _joint_step, _growing, 3e-4, "following objects through clips"
    ),
}
"""Every stage, in the order in which they make a model."""
