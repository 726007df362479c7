"""What is to be found out about a model, and what came of a stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_sam2.core.quality import EXACT
from napari_sam2.core.recipe import DEFAULT_WINDOW
from napari_sam2.evaluation.assignment import Assignment, Limits
from napari_sam2.evaluation.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_sam2.core.quality import Quality
    from napari_sam2.core.recipe import WindowMode
    from napari_sam2.evaluation.masks import Masks
    from napari_sam2.evaluation.scores import MethodScore
    from napari_sam2.evaluation.truth import Kind, Truth


@dataclass(frozen=True, slots=True)
class Study:
    """What is to be found out about a model.

    Attributes
    ----------
    protocols : tuple of Protocol
        Each of them is a method of its own.
    limits : Limits
        How much of each stack is looked at.
    window : str
        ``"off"``, ``"auto"`` or ``"on"``: whether small objects are looked at closely.
    quality : Quality
        How many of the last frames are looked back at; the model has the image size.
    group : int
        Most objects in one pass through a stack.
    baselines : bool
        Whether to compare with methods that need no learning.
    cell_tracking : bool
        Whether to measure SEG, DET and TRA of time-lapses, which needs an extra.
    """

    protocols: tuple[Protocol, ...] = (Protocol(),)
    limits: Limits = field(default_factory=Limits)
    window: WindowMode = DEFAULT_WINDOW
    quality: Quality = EXACT
    group: int = 128
    baselines: bool = True
    cell_tracking: bool = False


@dataclass(frozen=True, slots=True)
class StackScore:
    """How good all methods were on a stack.

    Attributes
    ----------
    name : str
    kind : str
        ``"volume"``, ``"time-lapse"`` or ``"video"``.
    unit : str
        Of distances in the volume; empty for pixels.
    todo : Assignment
        What was followed, through which frames.
    methods : tuple of MethodScore
        Protocols in their order, then baselines.
    """

    name: str
    kind: Kind
    unit: str
    todo: Assignment
    methods: tuple[MethodScore, ...]

    def of(self, method: str) -> MethodScore:
        """Return the score of a method by its name."""
        return next(score for score in self.methods if score.method == method)


@dataclass(frozen=True, slots=True, eq=False)
class StackOutcome:
    """What came of a stack.

    Attributes
    ----------
    score : StackScore
    truth : Truth
    true : Masks
        The true masks.
    found : mapping of str to Masks
        What each method gave.
    """

    score: StackScore
    truth: Truth
    true: Masks
    found: Mapping[str, Masks]
