"""What was measured in a course, and what was best."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_sam2.finetuning.course import Outcome

if TYPE_CHECKING:
    from napari_sam2.finetuning.course import End
    from napari_sam2.model.checkpoint import StateDict

_LEAST_GAIN = 0.002  # less is no improvement, but chance


@dataclass(slots=True)
class Marks:
    """J on held-out frames, step by step.

    Attributes
    ----------
    curve : list of (int, float)
        J after steps, from 0 on.
    best : dict of str to Tensor, or None
        The changes that were best; None while nothing is better than the base.
    best_step : int
    """

    curve: list[tuple[int, float]] = field(default_factory=list)
    best: StateDict | None = None
    best_step: int = 0

    def note(self, step: int, found: float, changes: StateDict | None) -> bool:
        """Note a measurement, of the base without changes; say whether it is a gain."""
        highest = max((j for _, j in self.curve), default=found)
        self.curve.append((step, found))
        is_gain = changes is not None and found >= highest + _LEAST_GAIN
        if is_gain:
            self.best, self.best_step = changes, step
        return is_gain

    @property
    def last_step(self) -> int:
        """When it was measured last."""
        return self.curve[-1][0]

    @property
    def told(self) -> dict[str, float | None]:
        """What a ``Report`` says of J."""
        marks = [j for _, j in self.curve]
        return {
            "before": marks[0] if marks else None,
            "now": marks[-1] if marks else None,
            "best": max(marks, default=None),
        }

    def outcome(self, steps_done: int, end: End, problem: str = "") -> Outcome:
        """Return what came of a course that ends so."""
        marks = dict(self.curve)
        before = marks.get(0, 0.0)
        return Outcome(
            changes=self.best,
            before=before,
            after=marks[self.best_step] if self.best else before,
            steps=self.best_step,
            steps_done=steps_done,
            end=end,
            curve=tuple(self.curve),
            problem=problem,
        )
