"""Takes down what trackers are told, while they are told it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_sam2.core.recipe import Followed, Made, RecipeStep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_sam2.core.adapter_card import BaseWeights


class Recorder:
    """A recipe in the making; written on the lane and read anywhere.

    Parameters
    ----------
    steps : iterable of RecipeStep, optional
        What was done in earlier sessions with the same document.
    identify : callable, optional
        Returns the SHA-256 of a model's weights by its name; called on the lane.
    find_base : callable, optional
        Returns what these weights change, where they are an adapter.
    """

    def __init__(
        self,
        steps: Iterable[RecipeStep] = (),
        *,
        identify: Callable[[str], str | None] | None = None,
        find_base: Callable[[str], BaseWeights | None] | None = None,
    ) -> None:
        self._identify = identify
        self._find_base = find_base
        # Threads meet here: lists take one change after the other, and steps are frozen
        self._steps = list(steps)

    @property
    def steps(self) -> tuple[RecipeStep, ...]:
        """What was done up to now."""
        return tuple(self._steps)

    def add(self, step: RecipeStep) -> int:
        """Take a step down; return its number, counted from 0."""
        if isinstance(step, Made) and step.sha256 is None and self._identify:
            step = replace(step, sha256=self._identify(step.model))
            if self._find_base:
                step = replace(step, base=self._find_base(step.model))
        self._steps.append(step)
        return len(self._steps) - 1

    def count_frame(self, number: int) -> None:
        """Note that a run computed one more frame."""
        run = self._steps[number]
        assert isinstance(run, Followed)
        self._steps[number] = replace(run, done=run.done + 1)
