"""How to learn, how far it has come, and what came of it: values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from napari_sam2.finetuning.lessons import Size

if TYPE_CHECKING:
    from napari_sam2.core.adapter_card import EncoderTuning
    from napari_sam2.model.checkpoint import StateDict


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningOptions:
    """How to learn.

    Parameters
    ----------
    encoder : {"frozen", "low-rank"}
        Whether the image encoder stays as it is. Then each picture is encoded once,
        which makes minutes on a processor possible.
    minutes : float
        Most time, measuring included.
    seed : int
        Of everything that is drawn by chance. The same seed gives the same adapter on
        the same machine, unless the time is up earlier.
    steps : int
        Most steps.
    every : int
        Steps between two measurements.
    patience : int
        Measurements without a gain after which it is enough.
    rate : float
        Learning rate.
    variants : int
        Ways in which pictures are altered.
    size : Size
        Of clips; halved where memory does not suffice, and for large models on a
        processor.
    """

    encoder: EncoderTuning = "frozen"
    minutes: float = 10.0
    seed: int = 0
    steps: int = 2000
    every: int = 20
    patience: int = 6
    rate: float = 1e-4
    variants: int = 6
    size: Size = field(default_factory=Size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How far a course has come.

    Attributes
    ----------
    doing : str
        For people.
    is_measured : bool
        Whether a measurement has just ended.
    step : int
        Steps done.
    loss : float or None
        Running mean.
    before, now, best : float or None
        J on held-out frames: of the base, at the last measurement, and the highest.
    seconds, seconds_left : float
        Spent, and until the time is up at the latest.
    notice : str
        What stands against saving the best so far, in a sentence, while it does.
    """

    doing: str
    is_measured: bool = False
    step: int = 0
    loss: float | None = None
    before: float | None = None
    now: float | None = None
    best: float | None = None
    seconds: float = 0.0
    seconds_left: float = 0.0
    notice: str = ""


class End(Enum):
    """Why a course ended."""

    ENOUGH = "it got no better"
    TIME = "the time was up"
    STEPS = "all steps were done"
    STOPPED = "it was stopped"
    BROKEN = "it broke off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a course.

    Attributes
    ----------
    changes : dict of str to Tensor, or None
        Those that were best on the held-out frames; None where nothing was better than
        the base.
    before, after : float
        J on held-out frames, of the base and of the best.
    steps : int
        Until the best.
    steps_done : int
        In all.
    end : End
    curve : tuple of (int, float)
        J after steps, from 0 on.
    problem : str
        What it broke off for, in a sentence.
    """

    changes: StateDict | None
    before: float
    after: float
    steps: int
    steps_done: int
    end: End
    curve: tuple[tuple[int, float], ...]
    problem: str = ""
