"""The loop that all stages share: draw, learn, log, measure, save, until time is up."""

from __future__ import annotations

import copy
import logging
import math
import time
from collections import defaultdict
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from napari_sam2.model.checkpoint import load_weights
from napari_sam2.model.precision import has_bfloat16
from napari_sam2.training.learner import Learner, latest_weights
from napari_sam2.training.record import append
from napari_sam2.training.scenes import FAMILIES
from napari_sam2.training.supply import BatchOrder, Supply
from napari_sam2.training.validate import as_table, mean_tracked, validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from torch import Tensor

    from napari_sam2.model.config import Sam2Config
    from napari_sam2.model.sam2 import Sam2Model
    from napari_sam2.training.outcome import Outcome
    from napari_sam2.training.scenes import Clips
    from napari_sam2.training.scenes.draw import Families

    Step = Callable[[Sam2Model, Clips, int, int], Outcome]
    Shape = Callable[[float, int], tuple[int, int]]

_log = logging.getLogger(__name__)
_WARM_STEPS = 50
_SAVE_EVERY, _LOG_EVERY = 3.0, 0.5  # minutes
_LAST = 0.02  # of the highest rate, when the time is over


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSchedule:
    """How long and how to train.

    Parameters
    ----------
    out : Path
        Folder of checkpoints and logs; a stage that was begun there goes on.
    weights : Path
        Where a new stage starts from.
    device : torch.device
    minutes : float
        Time of the whole stage, over which the learning rate fades.
    stop_after : float or None
        Stop this process after so many minutes; a later one goes on.
    peak_rate : float
        Highest learning rate.
    decay : float
        Share of the running mean of the weights that a step keeps.
    size : int or None
        Side of the pictures in pixels, a multiple of 32; None is the model's own.
    seed : int
        Of drawing and prompting.
    families : mapping of str to (callable, float)
        What is drawn, as :func:`~napari_sam2.training.scenes.draw` takes it.
    validation : Path or None
        Stacks to measure on, at the start and the end and in between.
    validate_every : float
        Minutes between.
    """

    out: Path
    weights: Path
    device: torch.device
    minutes: float
    stop_after: float | None = None
    peak_rate: float = 3e-4
    size: int | None = None
    seed: int = 0
    decay: float = 0.998
    families: Families = field(default_factory=lambda: FAMILIES)
    validation: Path | None = None
    validate_every: float = 10.0


def train(
    schedule: TrainingSchedule, make_step: Callable[[Sam2Config], Step], shape: Shape
) -> Learner:
    """Train until the time is up, and save.

    Parameters
    ----------
    schedule : TrainingSchedule
    make_step : callable
        From the model's config to ``(model, clips, seed, batch) -> Outcome``. Where
        that is a module, its own weights learn along.
    shape : callable
        Progress, from 0 to 1, and the batch's number to its (clips, frames).
    """
    weights = latest_weights(schedule.out, schedule.weights)
    model = load_weights(weights, image_size=schedule.size).to(schedule.device)
    step = make_step(model.config)
    head = step.to(schedule.device) if isinstance(step, torch.nn.Module) else None
    learner = Learner(model, head, decay=schedule.decay)
    learner.restore(schedule.out)
    size = model.config.image_size
    supply = Supply(schedule.seed, size, schedule.device, schedule.families)
    with closing(supply), _attention(schedule.device):
        _learn(schedule, learner, step, shape, supply)
    return learner


def learning_rate(peak: float, step: int, progress: float) -> float:
    """Return the rate of a step.

    Parameters
    ----------
    peak : float
    step : int
        Steps that the optimizer's averages stem from; fresh ones mislead.
    progress : float
        Share of the stage's time that is over, 0 to 1.
    """
    warm = min(1.0, (step + 1) / _WARM_STEPS)
    fade = 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, progress))))
    return peak * warm * (_LAST + (1 - _LAST) * fade)


def _learn(
    schedule: TrainingSchedule,
    learner: Learner,
    step: Step,
    shape: Shape,
    supply: Supply,
) -> None:
    """Learn from batch after batch."""
    progress = learner.progress

    def order(batch: int) -> None:
        done = progress.seconds / (60 * schedule.minutes)
        supply.order(BatchOrder(batch, *shape(done, batch)))

    clock = _ProcessClock(schedule, learner)
    order(progress.batches)
    while not clock.is_over:
        done = progress.seconds / (60 * schedule.minutes)
        began = time.perf_counter()
        clips = supply.take()
        drawing = time.perf_counter() - began
        order(progress.batches + 1)
        outcome = _looked_at(schedule, learner, step, clips)
        rate = learning_rate(schedule.peak_rate, learner.warmth, done)
        learner.step(outcome.loss, rate)
        clock.note(outcome, rate, drawing, time.perf_counter() - began)
    clock.close()


def _attention(device: torch.device) -> AbstractContextManager[None]:
    """Keep away from cuDNN's attention, which plans anew for every number of objects.

    Planning costs milliseconds a layer, and hardly two batches ask for as many objects.
    """
    if device.type != "cuda":
        return nullcontext()
    return sdpa_kernel(
        [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    )


def _looked_at(
    schedule: TrainingSchedule, learner: Learner, step: Step, clips: Clips
) -> Outcome:
    """Compute a batch's loss: in bfloat16 on GPUs that have it, else in float32."""
    device = schedule.device
    with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device)):
        return step(learner.model, clips, schedule.seed, learner.progress.batches)


class _ProcessClock:
    """The clock and the log of one process."""

    def __init__(self, schedule: TrainingSchedule, learner: Learner) -> None:
        self._steps = 0
        self._schedule = schedule
        self._learner = learner
        self._spent = 0.0
        self._regular = (
            (self._write, 60 * _LOG_EVERY),
            (self._save, 60 * _SAVE_EVERY),
            (self._validate, 60 * schedule.validate_every),
        )
        self._due = [every for _, every in self._regular]
        self._figures: dict[str, list[Tensor]] = defaultdict(list)
        self._seconds = self._drawing = self._rate = 0.0
        self._images = 0
        if learner.progress.batches == 0:
            self._validate()

    @property
    def is_over(self) -> bool:
        """Whether the stage or this process has used its time."""
        schedule = self._schedule
        if self._learner.progress.seconds >= 60 * schedule.minutes:
            return True
        return (
            schedule.stop_after is not None and self._spent >= 60 * schedule.stop_after
        )

    def note(
        self, outcome: Outcome, rate: float, drawing: float, seconds: float
    ) -> None:
        """Count one step, and do what has fallen due."""
        progress = self._learner.progress
        self._steps += 1
        progress.batches += 1
        progress.images += outcome.images
        progress.seconds += seconds
        self._spent += seconds
        self._seconds += seconds
        self._drawing += drawing
        self._images += outcome.images
        self._rate = rate
        for name, value in {"loss": outcome.loss, **outcome.figures}.items():
            self._figures[name].append(value.detach())
        for number, (action, every) in enumerate(self._regular):
            if self._spent >= self._due[number]:
                self._due[number] = self._spent + every
                action()

    def close(self) -> None:
        """Log and save what is left, and measure."""
        self._write()
        self._save()
        if self._steps:
            self._validate()

    def _fresh(self) -> None:
        self._figures.clear()
        self._seconds = self._drawing = self._rate = 0.0
        self._images = 0

    def _write(self) -> None:
        if not self._figures:
            return
        means = {k: float(torch.stack(v).mean()) for k, v in self._figures.items()}
        means |= self._place() | {
            "rate": self._rate,
            "images_per_second": self._images / self._seconds,
            "drawing_share": self._drawing / self._seconds,
        }
        self._schedule.out.mkdir(parents=True, exist_ok=True)
        append(self._schedule.out / "log.csv", means)
        _log.info(" ".join(f"{k} {v:.4g}" for k, v in means.items()))
        self._fresh()

    def _place(self) -> dict[str, float]:
        progress = self._learner.progress
        return {
            "minutes": progress.seconds / 60,
            "batches": progress.batches,
            "images": progress.images,
        }

    def _save(self) -> None:
        self._learner.save(self._schedule.out)

    def _validate(self) -> None:
        if self._schedule.validation is None:
            return
        model = copy.deepcopy(self._learner.averaged)
        scores = validate(model, self._schedule.validation)
        self._schedule.out.mkdir(parents=True, exist_ok=True)
        figures = self._place() | {"validation_j": mean_tracked(scores)}
        append(self._schedule.out / "log.csv", figures)
        with (self._schedule.out / "validation.md").open("a", encoding="utf-8") as file:
            file.write(
                f"\nAfter {figures['minutes']:.1f} minutes\n\n{as_table(scores)}\n"
            )
        _log.info("validation J %.3f", figures["validation_j"])
