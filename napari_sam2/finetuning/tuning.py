"""The whole course: learn, measure on held-out frames, stop, keep the best."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING

import torch

from napari_sam2.core.errors import Sam2Error
from napari_sam2.core.memory import is_out_of_memory
from napari_sam2.core.quality import ROUNDED
from napari_sam2.engine.device import memory_error
from napari_sam2.engine.groups import give_back_reserve
from napari_sam2.engine.rounding import is_rounded
from napari_sam2.finetuning.course import End, Report
from napari_sam2.finetuning.judging import Examiner
from napari_sam2.finetuning.learning import loss_of
from napari_sam2.finetuning.lessons import Curriculum, fit
from napari_sam2.finetuning.marks import Marks
from napari_sam2.finetuning.pupil import Pupil
from napari_sam2.finetuning.showing import LessonPlayer
from napari_sam2.finetuning.variants import make_variants
from napari_sam2.model.adapter import merge
from napari_sam2.training.scenes.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from napari_sam2.core.cancel import CancelToken
    from napari_sam2.finetuning.course import Outcome, TuningOptions
    from napari_sam2.finetuning.split import Split
    from napari_sam2.finetuning.truth import TruthStack
    from napari_sam2.model.checkpoint import StateDict
    from napari_sam2.model.sam2 import Sam2Model

_CACHE_BYTES = 1 << 30
_LARGEST_RESERVE = 0.25  # of the time, to measure what was learnt last


def tune(
    model: Sam2Model,
    stacks: Sequence[TruthStack],
    splits: Sequence[Split],
    options: TuningOptions,
    token: CancelToken,
    keep: Callable[[Outcome], str] = lambda _: "",
) -> Generator[Report, None, Outcome]:
    """Adapt a model to masks.

    What goes wrong ends it; it is raised while nothing is better than the base, and
    told in the outcome otherwise.

    Parameters
    ----------
    model : Sam2Model
        The base, on the device that computes; it is changed.
    stacks : sequence of TruthStack
    splits : sequence of Split
        From :func:`napari_sam2.finetuning.parting.part`.
    options : TuningOptions
    token : CancelToken
        Ends it before the next step; the best so far is the outcome.
    keep : callable, optional
        Takes the outcome so far at each gain; returns what stands against that.

    Yields
    ------
    Report
        After each step, and while it is measured.

    Raises
    ------
    FrameError
        If a frame cannot be read.
    GpuMemoryError
        If memory does not suffice for the smallest clip.
    """
    return (yield from _Tuning(model, stacks, splits, options, token, keep).run())


class _Tuning:
    """One course under way."""

    def __init__(
        self,
        model: Sam2Model,
        stacks: Sequence[TruthStack],
        splits: Sequence[Split],
        options: TuningOptions,
        token: CancelToken,
        keep: Callable[[Outcome], str],
    ) -> None:
        self._began = time.monotonic()
        self._options, self._token, self._keep = options, token, keep
        self._judged = copy.deepcopy(model)
        state = self._judged.state_dict()
        self._base = {name: one.detach().cpu().clone() for name, one in state.items()}
        keeps_features = not _learns_encoder(options)
        self._examiner = Examiner(stacks, splits, keeps_features=keeps_features)
        torch.manual_seed(options.seed)
        self._pupil = Pupil(model, options.encoder, rate=options.rate)
        self._player = _player(model, stacks, options)
        self._curriculum = Curriculum(
            stacks, splits, seed=options.seed, variants=options.variants
        )
        self._device = next(model.parameters()).device
        self._is_rounded = is_rounded(self._device, model.config, ROUNDED)
        is_cpu = self._device.type == "cpu"
        self._size = fit(options.size, model.config) if is_cpu else options.size
        self._step, self._measuring_s = 0, 0.0
        self._loss: float | None = None
        self._marks, self._notice = Marks(), ""

    def run(self) -> Generator[Report, None, Outcome]:
        """Learn and measure until it is enough, or something goes wrong."""
        try:
            end = yield from self._course()
        except Sam2Error as error:
            if self._marks.best is None:
                raise
            return self._marks.outcome(self._step, End.BROKEN, str(error))
        return self._marks.outcome(self._step, end)

    def _course(self) -> Generator[Report, None, End]:
        yield from self._measure(None)
        while (end := self._end()) is None:
            self._learn()
            self._step += 1
            yield self._report("Learning")
            if self._step % self._options.every == 0:
                yield from self._measure(self._pupil.changes())
        if end is not End.STOPPED and self._is_due:
            yield from self._measure(self._pupil.changes())
        return end

    @property
    def _is_due(self) -> bool:
        """Whether much was learnt since the last measurement."""
        return self._step - self._marks.last_step > self._options.every // 4

    def _end(self) -> End | None:
        if self._token.is_cancelled:
            return End.STOPPED
        if self._seconds_left <= self._reserve:
            return End.TIME
        if self._step >= self._options.steps:
            return End.STEPS
        waited = (self._step - self._marks.best_step) // self._options.every
        return End.ENOUGH if waited >= self._options.patience else None

    @property
    def _reserve(self) -> float:
        """Seconds that the last measurement will take, if they are a small share."""
        return min(self._measuring_s, _LARGEST_RESERVE * 60 * self._options.minutes)

    def _learn(self) -> None:
        """Take one lesson; where memory does not suffice, a smaller one."""
        while True:
            try:
                loss = self._lesson()
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if self._size.is_smallest:
                    raise memory_error(error) from error
                self._size = self._size.halved
                give_back_reserve()
                continue
            kept = 0.9 if self._loss is not None else 0.0
            self._loss = kept * (self._loss or 0.0) + (1 - kept) * loss
            return

    def _lesson(self) -> float:
        lesson = self._curriculum.lesson(self._step, self._size)
        dice = Dice(self._options.seed, self._step, self._device)
        half = torch.autocast(
            self._device.type, torch.bfloat16, enabled=self._is_rounded
        )
        with half:
            shown = self._player.show(lesson)
            loss = loss_of(self._pupil.model, lesson, shown, dice)
        self._pupil.step(loss)
        return float(loss.detach())

    def _measure(self, changes: StateDict | None) -> Generator[Report, None, None]:
        """Measure the base, or the base with changes, and keep the best.

        Stopped within, it does not count.
        """
        if changes is not None:
            merged = merge(self._changed(changes), changes, name="tuned")
            self._judged.load_state_dict(merged, strict=False)
        started, examining = time.monotonic(), self._examiner.examine(self._judged)
        while True:
            try:
                next(examining)
            except StopIteration as end:
                self._measuring_s = time.monotonic() - started
                if self._marks.note(self._step, float(end.value), changes):
                    best = self._marks.outcome(self._step, End.STOPPED)
                    self._notice = self._keep(best)
                yield self._report("Measured", is_measured=True)
                return
            except (RuntimeError, MemoryError) as error:
                if is_out_of_memory(error):
                    raise memory_error(error) from error
                raise
            if self._token.is_cancelled:
                examining.close()
                return
            yield self._report("Measuring")

    def _changed(self, changes: StateDict) -> StateDict:
        """Return the base's weights that are changed."""
        names = {name.rpartition(".")[0] for name in changes}
        return {name: self._base[name] for name in names}

    @property
    def _seconds_left(self) -> float:
        spent = time.monotonic() - self._began
        return max(0.0, 60 * self._options.minutes - spent)

    def _report(self, doing: str, *, is_measured: bool = False) -> Report:
        return Report(
            doing=doing,
            is_measured=is_measured,
            step=self._step,
            loss=self._loss,
            **self._marks.told,
            seconds=time.monotonic() - self._began,
            seconds_left=self._seconds_left,
            notice=self._notice,
        )


def _learns_encoder(options: TuningOptions) -> bool:
    return options.encoder == "low-rank"


def _player(
    model: Sam2Model, stacks: Sequence[TruthStack], options: TuningOptions
) -> LessonPlayer:
    return LessonPlayer(
        model,
        stacks,
        make_variants(options.variants, options.seed),
        learns_encoder=_learns_encoder(options),
        cache_bytes=_CACHE_BYTES,
    )
