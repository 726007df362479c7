"""The stages by name, and the sizes of their batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_sam2.training.clips import clip_step
from napari_sam2.training.dense import DenseStep
from napari_sam2.training.images import image_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_sam2.model.config import Sam2Config
    from napari_sam2.training.loop import Shape, Step


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
    return lambda progress: (frames, 1)


def _growing(frames: int, longest: int) -> Shape:
    """Return batches of clips that grow from two frames to the longest."""

    def shape(progress: float) -> tuple[int, int]:
        length = round(2 + (longest - 2) * min(1.0, progress / 0.8))
        return max(1, frames // length), length

    return shape


STAGES: dict[str, Stage] = {
    "dense": Stage(DenseStep, _single, 1e-3, "the encoder alone, from every pixel"),
    "images": Stage(
        lambda config: image_step, _single, 5e-4, "prompts on single pictures"
    ),
    "clips": Stage(
        lambda config: clip_step, _growing, 3e-4, "following objects through clips"
    ),
}
"""Every stage, in the order in which they make a model."""
