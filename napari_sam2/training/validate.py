"""A quick measure of a model on real stacks while it is trained.

The stacks, the choice of objects and frames, and what is measured are those of
:mod:`napari_sam2.evaluation`, of which this is a small study. The stacks are for
measuring, never for training.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_sam2.evaluation.asking import parse_asking
from napari_sam2.evaluation.assignment import Limits
from napari_sam2.evaluation.evaluate import evaluate_stack
from napari_sam2.evaluation.layouts.find import find_stacks
from napari_sam2.evaluation.markup import as_markdown
from napari_sam2.evaluation.means import mean
from napari_sam2.evaluation.protocol import Protocol
from napari_sam2.evaluation.study import Study
from napari_sam2.evaluation.table import number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_sam2.evaluation import study as evaluation
    from napari_sam2.model.sam2 import Sam2Model

PromptKind = Literal["box", "click", "mask"]


@dataclass(frozen=True, slots=True)
class ValidationScore:
    """How well the objects of one stack were followed.

    Attributes
    ----------
    name : str
        The stack's name.
    start : float
        Mean J (intersection over union) on prompted frames.
    tracked : float
        Mean J on the frames after them; 1 where an absent object is not seen.
    present : float
        The same over frames on which the object is: a model that answers "gone" too
        often gains in ``tracked`` and loses here.
    objects, frames : int
        How many objects were followed, over how many frames.
    """

    name: str
    start: float
    tracked: float
    present: float
    objects: int
    frames: int


def validate(
    model: Sam2Model,
    folder: Path,
    *,
    prompt: PromptKind = "box",
    frames: int = 16,
    objects: int = 4,
) -> list[ValidationScore]:
    """Score a model on every stack of a folder.

    Parameters
    ----------
    model : Sam2Model
    folder : Path
        Stacks in a layout that ``napari-sam2 evaluate`` knows.
    prompt : {"box", "click", "mask"}, optional
        What is said about each object, once, on the first frame that shows it.
    frames : int, optional
        Most frames of a stack.
    objects : int, optional
        Most objects followed per stack.

    Raises
    ------
    StackError
        If there are no stacks, or one is not in order.
    """
    study = Study(
        protocols=(Protocol(parse_asking(prompt)),),
        limits=Limits(most_frames=frames, most_objects=objects),
        baselines=False,
    )
    scores = []
    for source in find_stacks(folder):
        outcome = evaluate_stack(model, source.open(), study)
        assert outcome is not None  # nothing stops it
        scores.append(_summary(outcome.score))
    return scores


def _summary(stack: evaluation.StackScore) -> ValidationScore:
    (score,) = stack.methods
    start, tracked = score.mean("start_j"), score.mean("j")
    return ValidationScore(
        name=stack.name,
        start=start,
        tracked=tracked,
        present=score.mean("j_present"),
        objects=len(stack.todo.ids),
        frames=len(stack.todo.frames),
    )


def mean_tracked(scores: Sequence[ValidationScore]) -> float:
    """Return the mean over stacks of J on tracked frames."""
    return statistics.fmean(score.tracked for score in scores)


def as_table(scores: Sequence[ValidationScore]) -> str:
    """Return the scores as a Markdown table with a last row of means."""
    rows = [["stack", "objects", "start J", "tracked J", "present J"]]
    rows += [
        _row(s.name, str(s.objects), s.start, s.tracked, s.present) for s in scores
    ]
    start = mean(score.start for score in scores)
    present = mean(score.present for score in scores)
    rows.append(_row("mean", "", start, mean_tracked(scores), present))
    return as_markdown(rows)


def _row(name: str, objects: str, *values: float) -> list[str]:
    return [name, objects, *map(number, values)]
